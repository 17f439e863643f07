"""`media.pattern`: a moving scene that needs no camera and no file."""

from __future__ import annotations

from typing import Any, Literal

from livegraph import EndOfStream, Frame, InputError, Out, Param, Size, Source, Video
from livegraph_media.frame_number import CELLS, draw_frame_number
from livegraph_media.lettering import Lettering
from livegraph_media.scene import Scene
from livegraph_media.size import SIZE_PATTERN, parse_size

DEFAULT_SIZE = 640, 360


class Pattern(Source):
    """People by a lake at dusk: faces, shading, texture and depth, with a clock and a frame number.

    Frame n is the same on every run with the same seed, size and rate. A strip of black and white cells along the
    lower edge carries n for machines: `livegraph_media.read_frame_number` reads it.
    """

    paced = True
    out: Out[Video]
    size: str = Param("auto", pattern=SIZE_PATTERN, doc="WxH; auto: what downstream prefers, else 640x360")
    fps: float = Param(30.0, gt=0, le=1000, unit="fps", doc="frames per second of the scene's own time")
    seed: int = Param(0, ge=0, doc="another seed, other clouds and mountains")
    frames: int = Param(0, ge=0, doc="how many frames; 0: no end")
    duration: float = Param(0.0, ge=0, unit="s", doc="how long; 0: no end")
    live: Literal["auto", True, False] = Param("auto", doc="whether time passes by itself; auto: where there is no end")
    marks: bool = Param(True, live=True, doc="the clock, the frame number and its strip")

    @classmethod
    def is_live(cls, params: Any) -> bool:
        return (not params.frames and not params.duration) if params.live == "auto" else bool(params.live)

    @classmethod
    def output_size(cls, params: Any) -> Size | None:
        return parse_size(params.size, None)

    @classmethod
    def fps_for(cls, params: Any) -> float | None:
        return float(params.fps)

    def setup(self) -> None:
        size = parse_size(self.size, self.ctx.size_hint) or DEFAULT_SIZE
        if min(size) < 2 * CELLS:
            raise InputError(f"size {size[0]}x{size[1]}: the scene takes at least {2 * CELLS} pixels each way")
        self._scene = Scene(size, self.seed)
        self._letters = Lettering(max(1, round(size[1] / 180)))
        self._next = 0
        self._end = _frame_count(self.params)

    def read(self) -> Frame | EndOfStream:
        index = self._next
        if self._end is not None and index >= self._end:
            return EndOfStream()
        self._next = index + 1
        picture = self._scene.draw(index / self.fps)
        if self.marks:
            self._mark(picture, index)
        pts_ns = self._pts_ns(index)
        return self.frame(picture, pts_ns, self._pts_ns(index + 1) - pts_ns)

    def skip_to(self, index: int) -> None:
        """Leave out the frames before `index`; never goes back."""
        self._next = max(self._next, index)

    @property
    def next_due_s(self) -> float:
        """When the next frame is due, in the scene's own time."""
        return self._next / self.fps

    def _pts_ns(self, index: int) -> int:
        return round(index * 1_000_000_000 / self.fps)

    def _mark(self, picture: Any, index: int) -> None:
        margin = picture.shape[0] // 30
        self._letters.write(picture, f"{_clock(index / self.fps)} #{index:06d}", margin, margin)
        draw_frame_number(picture, index)


def _frame_count(params: Any) -> int | None:
    """The smaller of both limits; None: no end."""
    limits = [params.frames] if params.frames else []
    if params.duration:
        limits.append(max(1, round(params.duration * params.fps)))
    return min(limits, default=None)


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    return f"{milliseconds // 60_000:02d}:{milliseconds // 1000 % 60:02d}.{milliseconds % 1000:03d}"
