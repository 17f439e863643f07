"""`media.file`: a video file, or a stream at a network address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from livegraph import Audio, EndOfStream, Frame, Gap, Out, Param, Size, Source, Video
from livegraph_media.address import is_live_address, resolve_address
from livegraph_media.size import SIZE_OR_SOURCE_PATTERN, parse_size

if TYPE_CHECKING:
    from livegraph_media.capture import LiveFrames
    from livegraph_media.player import Player


class File(Source):
    """Plays a video: its pictures as decoded, with the times, the matrix and the range that the file states, and where
    `audio` is wired its sound, in step with them. Pixels are made square (the width is scaled, and even then); other
    pictures keep their size, odd ones too.

    The timeline begins at 0 and continues over loops; the first picture of each round is a discontinuity. Where the
    picture's size changes midway, frames change their size, unless `size` fixes it. A file that breaks off ends there,
    and says so. On a live run, live addresses (rtsp, rtmp, udp, rtp) give their newest picture, and are opened again
    when lost; with `live: false`, or offline, they give every picture.
    """

    paced = True
    out: Out[Video] = Out(formats=("yuv420p", "rgb24", "gray8"))
    audio: Out[Audio] = Out(doc="the file's sound at its own rate; nothing where it has none")
    path: str = Param(
        remote=False,
        doc="a path; http(s)://, rtsp(s)://, rtmp(s)://, udp://, rtp://; or sample://moving, which is shipped",
    )
    live: Literal["auto", True, False] = Param(
        "auto", doc="whether time passes by itself; auto: at live addresses only"
    )
    loop: bool = Param(False, doc="begin again at the end")
    start: float = Param(0.0, ge=0, unit="s", doc="where to begin; loops begin there too")
    size: str = Param("auto", pattern=SIZE_OR_SOURCE_PATTERN, doc="WxH; source: its own; auto: what downstream prefers")
    fit: Literal["crop", "letterbox"] = Param("crop", doc="how another shape is filled: cut off, or black bars")

    _player: Player | None = None
    _stream: LiveFrames | None = None

    @classmethod
    def is_live(cls, params: Any) -> bool:
        return is_live_address(params.path) if params.live == "auto" else bool(params.live)

    @classmethod
    def output_size(cls, params: Any) -> Size | None:
        return parse_size(params.size, None)

    def setup(self) -> None:
        from livegraph_media.capture import Capture, LiveFrames
        from livegraph_media.decode import open_address
        from livegraph_media.player import Player
        from livegraph_media.shape import Shaper

        address = resolve_address(self.path)
        size = parse_size(self.size, self.ctx.size_hint)
        shaper = Shaper(self.ctx.formats.get("out", "yuv420p"), size, self.fit, self.ctx.say)
        if address.live and self.live is not False and self.ctx.mode == "live":
            self.paced = False
            capture = Capture(lambda: open_address(address), self.ctx.clock.now_ns)
            self._stream = LiveFrames(capture, shaper, address.name, self.ctx.say)
            if self._wants_sound:
                self.ctx.say(f"{address.name} is taken live, without its sound: nothing comes from `audio`")
        else:
            self._player = Player(address, self.start, self.loop, shaper, self.ctx.say, self._wants_sound)

    def read(self) -> Frame | Mapping[str, Frame | Gap] | EndOfStream | None:
        if self._stream is not None:
            picture = self._stream.read()
            return {"out": picture, "audio": Gap(picture.pts_ns)} if picture and self._wants_sound else picture
        assert self._player is not None
        return self._player.read(self.ctx.clock.now_ns())

    @property
    def _wants_sound(self) -> bool:
        return "audio" in self.ctx.wired

    def teardown(self) -> None:
        for opened in (self._stream, self._player):
            if opened is not None:
                opened.close()
