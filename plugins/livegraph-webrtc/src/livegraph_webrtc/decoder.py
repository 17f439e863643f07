"""Decodes what one sender sends, in a thread of its own. The newest picture wins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from livegraph_webrtc.assembly import Picture
from livegraph_webrtc.backlog import Backlog
from livegraph_webrtc.ffmpeg import CodecContext, FFmpegError, Packet, VideoCodecContext, VideoFrame
from livegraph_webrtc.rtp_time import TIME_BASE

CAPACITY = 8
"""Pictures that may wait; where decoding is slower than the stream it is skipped ahead to the next keyframe."""
_DECODERS = {"H264": "h264", "VP8": "vp8"}
_MOST_UNSHOWN = 64
_JOIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture, its RTP time, and when its last packet came (the monotonic clock's seconds)."""

    frame: VideoFrame
    ticks: int
    arrived_s: float


@dataclass(frozen=True, slots=True)
class _Waiting:
    codec: str
    picture: Picture


class Decoder:
    """`put` and `starved` are for the loop's thread. `show` is called on the decoder's, and so is `fail`, with what has
    ended it: a bug, not the stream.
    """

    def __init__(self, show: Callable[[Decoded], None], fail: Callable[[Exception], None], most_pixels: int) -> None:
        self._show, self._fail = show, fail
        self._most_pixels = most_pixels
        self._backlog: Backlog[_Waiting] = Backlog(CAPACITY)
        self._news = threading.Condition()
        self._closed = False
        self._arrivals: dict[int, float] = {}
        self.codec = ""
        self.decoded = self.errors = 0
        self.why = ""
        """What the last error was."""
        self._thread = threading.Thread(target=self._run, name="webrtc decoder", daemon=True)
        self._thread.start()

    @property
    def starved(self) -> bool:
        """Nothing is shown until a keyframe comes: one has to be asked for."""
        return self._backlog.starved

    @property
    def skipped(self) -> int:
        return self._backlog.skipped

    def put(self, codec: str, picture: Picture, keyframe: bool) -> None:
        """The stream's next picture. `codec` as SDP names it."""
        with self._news:
            if picture.torn:
                self._backlog.starve()
            self._backlog.put(_Waiting(codec.upper(), picture), keyframe)
            self._news.notify()

    def close(self) -> None:
        """Ends once what is being decoded is; waits for it, so not on the loop's thread."""
        self.stop()
        self._thread.join(_JOIN_S)

    def stop(self) -> None:
        """The same without waiting."""
        with self._news:
            self._closed = True
            self._news.notify()

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:
            self._fail(error)

    def _work(self) -> None:
        context: VideoCodecContext | None = None
        while (waiting := self._next()) is not None:
            if context is None or waiting.codec != self.codec:
                context, self.codec = self._opened(waiting.codec), waiting.codec
            self._decode(context, waiting.picture)

    def _next(self) -> _Waiting | None:
        with self._news:
            while not self._closed:
                if (waiting := self._backlog.take()) is not None:
                    return waiting
                self._news.wait()
            return None

    def _opened(self, codec: str) -> VideoCodecContext:
        """FFmpeg refuses larger pictures than `max_pixels` before it has memory for them."""
        context = CodecContext.create(_DECODERS[codec], "r")
        assert isinstance(context, VideoCodecContext)
        context.options = {"max_pixels": str(self._most_pixels)}
        return context

    def _decode(self, context: VideoCodecContext, picture: Picture) -> None:
        packet = Packet(picture.data)
        packet.pts, packet.time_base = picture.ticks, TIME_BASE
        self._arrivals[picture.ticks] = picture.arrived_s
        try:
            frames = context.decode(packet)
        except FFmpegError as error:
            self._failed(error)
            return
        for frame in frames:
            self.decoded += 1
            ticks = picture.ticks if frame.pts is None else frame.pts
            self._show(Decoded(frame, ticks, self._arrivals.pop(ticks, picture.arrived_s)))
        if len(self._arrivals) > _MOST_UNSHOWN:
            self._arrivals.clear()

    def _failed(self, error: FFmpegError) -> None:
        """A picture that cannot be decoded spoils those that are built on it: a keyframe has to come."""
        self.errors += 1
        self.why = str(error)
        with self._news:
            self._backlog.starve()
