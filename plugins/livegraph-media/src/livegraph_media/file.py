"""`media.file`: a video file, or a stream at a network address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from av.video.frame import VideoFrame

from livegraph import EndOfStream, Frame, InputError, Out, Param, Source, Video
from livegraph_media.address import is_live_address, resolve_address
from livegraph_media.capture import Capture, LiveFrames
from livegraph_media.decode import Decoder, open_address, times_of
from livegraph_media.shape import Shaper
from livegraph_media.size import SIZE_OR_SOURCE_PATTERN, parse_size
from livegraph_media.timeline import Timeline


class File(Source):
    """Plays a video: its pictures as decoded, with the times, the matrix and the range that the file states.

    The timeline begins at 0 and continues over loops; the first picture of each round is a discontinuity. Where the
    picture's size changes midway, frames change their size, unless `size` fixes it. A file that breaks off ends there,
    and says so. Live addresses (rtsp, rtmp, udp, rtp) give their newest picture, and are opened again when lost.
    """

    paced = True
    out: Out[Video] = Out(formats=("yuv420p", "rgb24", "gray8"))
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

    @classmethod
    def is_live(cls, params: Any) -> bool:
        return is_live_address(params.path) if params.live == "auto" else bool(params.live)

    _stream: LiveFrames | None = None
    _decoder: Decoder | None = None
    _until_ns = 0

    def setup(self) -> None:
        self._address = resolve_address(self.path)
        self._shaper = Shaper(
            self.ctx.formats.get("out", "yuv420p"), parse_size(self.size, self.ctx.size_hint), self.fit
        )
        if self._address.live:
            self.paced = False
            capture = Capture(lambda: open_address(self._address), self.ctx.clock.now_ns)
            self._stream = LiveFrames(capture, self._address.name, self.ctx.say)
            return
        self._pictures = self._open()
        self._timeline = Timeline(round(1e9 / self._decoder_now().fps))

    def read(self) -> Frame | EndOfStream | None:
        if self._stream is not None:
            return self._stream.read(self._shaper)
        while (frame := next(self._pictures, None)) is None:
            self._finish_round()
            if not self.loop:
                return EndOfStream()
            self._pictures = self._open()
            self._timeline.restart()
        moment = self._timeline.place(*times_of(frame))
        self._until_ns = moment.pts_ns + moment.duration_ns
        now_ns = self.ctx.clock.now_ns()
        picture = self._shaper.picture(frame)
        return Frame(moment.pts_ns, 0, moment.duration_ns, now_ns, picture, discontinuity=moment.jumped)

    def teardown(self) -> None:
        for opened in (self._stream, self._decoder):
            if opened is not None:
                opened.close()

    def _open(self) -> Iterator[VideoFrame]:
        if self._decoder is not None:
            self._decoder.close()
        self._decoder = Decoder(self._address, self.start)
        self._round_begins_ns = self._until_ns
        return self._decoder.frames()

    def _decoder_now(self) -> Decoder:
        assert self._decoder is not None
        return self._decoder

    def _finish_round(self) -> None:
        """At the end of the file: refuse what had no picture, and tell what was missing."""
        decoder, name = self._decoder_now(), self._address.name
        if decoder.decoded == 0:
            raise InputError(f"{name} has a video stream, but no picture in it could be decoded")
        if decoder.damaged:
            self.ctx.say(f"{name}: {decoder.damaged} damaged packets were left out")
        played_s = self.start + (self._until_ns - self._round_begins_ns) / 1e9
        announced_s = decoder.announced_s
        if decoder.ended_early or (announced_s is not None and played_s < announced_s - 1.0):
            reason = f" ({decoder.ended_early})" if decoder.ended_early else ""
            of = f" of {announced_s:.1f} s" if announced_s is not None else ""
            self.ctx.say(f"{name} breaks off after {played_s:.1f} s{of}{reason}")
