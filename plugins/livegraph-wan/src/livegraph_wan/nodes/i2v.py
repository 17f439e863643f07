"""wan.i2v."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from livegraph import InputError, Param, Size
from livegraph_wan.backend import Pictures
from livegraph_wan.nodes.painted import SIZE, PaintedSource, filled_up
from livegraph_wan.picture import picture_size, read_picture, shaped_like


class Seen(NamedTuple):
    """What tells one still from another, without reading it."""

    path: Path
    written_ns: int
    bytes: int
    size: Size


class WanI2V(PaintedSource):
    """Set a still in motion after a prompt, without end.

    A causal model (`self-forcing-1.3b`) goes on as if the picture had stood still there before. One that was made for
    stills (`wan2.1-i2v-14b-480p`) shows the picture first, and paints clip after clip, each from the last picture of
    the one before. wan-nano, which comes with the plugin, only repaints.
    """

    task = "i2v"
    prompt: str = Param(
        "the camera moves slowly forward, leaves stir in the wind",
        live=True,
        doc="what shall happen; several in weights: `it rains: 2 | it gets dark: 1`",
    )
    image: str = Param(
        live=True, remote=False, doc="the picture file; another, or the same written anew, begins again from that"
    )
    size: str = Param(
        "auto",
        live=True,
        pattern=SIZE,
        doc="WxH; auto: the first picture's shape, as large as the model prefers",
    )

    def setup(self) -> None:
        self._shape = picture_size(_path(self.image))  # a wrong name is told before a large model is loaded
        self._seen: Seen | None = None
        self._refused: Seen | None = None
        super().setup()

    def size_of(self, look: Any) -> Size:
        if look.size != "auto":
            return super().size_of(look)
        return shaped_like(self._shape, self._artist.profile.size)

    def _paint(self, look: Any, size: Size) -> tuple[Pictures, bool]:
        stream, begun = self._artist.stream, self._seen is not None
        still = self._another(_path(look.image), size)
        if still is not None:
            stream.begin_from(still)
        painted = self._artist.paced(
            look.steps, look.target_fps, lambda steps: stream.paint(size, steps=steps, seed=look.seed)
        )
        return painted, begun and still is not None

    def _another(self, path: Path, size: Size) -> Pictures | None:
        """The still, unless it is the one that was begun from. What cannot be read is said, and the last one goes on;
        at the start it is an error.
        """
        try:
            written = path.stat()
            seen = Seen(path, written.st_mtime_ns, written.st_size, size)
        except OSError:
            seen = Seen(path, 0, 0, size)
        if seen in (self._seen, self._refused):
            return None
        try:
            still = read_picture(path, size)
        except InputError as error:
            if self._seen is None:
                raise
            self.ctx.say(f"{error}: the last one goes on")
            self._refused = seen
            return None
        self._seen = seen
        return still

    def _paint_trial(self) -> object:
        painted = self._paint(self.params, filled_up(self.size_of(self.params)))
        self._seen = None  # what was painted is forgotten
        return painted


def _path(image: str) -> Path:
    return Path(image).expanduser()
