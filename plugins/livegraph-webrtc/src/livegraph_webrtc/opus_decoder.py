"""Decodes the sound that one sender sends, in a thread of its own, in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from livegraph_webrtc.ffmpeg import AudioCodecContext, CodecContext, FFmpegError, Packet
from livegraph_webrtc.opus_encoder import RATE, TIME_BASE, Samples

CAPACITY = 50
"""Packets that may wait: a second. Where decoding is slower, the oldest are left out."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A packet's sound: float32 [samples, 2] at 48 kHz. `ticks`: its RTP time, 1/48000 s, which does not wrap;
    `arrived_s`: when it came (the monotonic clock's seconds).
    """

    samples: Samples
    ticks: int
    arrived_s: float


@dataclass(frozen=True, slots=True)
class OpusPacket:
    """As it came. `ticks` do not wrap."""

    data: bytes
    ticks: int
    arrived_s: float


class OpusDecoder:
    """`put` and `stop` are for the loop's thread. `hear` is called on the decoder's, and so is `fail`, with what has
    ended it: a bug, not the stream.
    """

    def __init__(self, hear: Callable[[Heard], None], fail: Callable[[Exception], None]) -> None:
        self._hear, self._fail = hear, fail
        self._waiting: deque[OpusPacket] = deque(maxlen=CAPACITY)
        self._news = threading.Condition()
        self._closed = False
        self.decoded = self.errors = 0
        self._thread = threading.Thread(target=self._run, name="webrtc sound decoder", daemon=True)
        self._thread.start()

    def put(self, packet: OpusPacket) -> None:
        with self._news:
            self._waiting.append(packet)
            self._news.notify()

    def stop(self) -> None:
        """Ends once what is being decoded is."""
        with self._news:
            self._closed = True
            self._news.notify()

    def _run(self) -> None:
        try:
            context = _opened()
            while (packet := self._next()) is not None:
                self._decode(context, packet)
        except Exception as error:
            self._fail(error)

    def _next(self) -> OpusPacket | None:
        with self._news:
            while not self._closed:
                if self._waiting:
                    return self._waiting.popleft()
                self._news.wait()
            return None

    def _decode(self, context: AudioCodecContext, packet: OpusPacket) -> None:
        coded = Packet(packet.data)
        coded.pts, coded.time_base = packet.ticks, TIME_BASE
        try:
            frames = context.decode(coded)
        except (FFmpegError, EOFError):  # damaged; what FFmpeg takes for its end is no end here
            self.errors += 1
            return
        for frame in frames:
            self.decoded += 1
            samples = frame.to_ndarray().reshape(-1, 2).astype(np.float32) / np.float32(32768)
            self._hear(Heard(samples, packet.ticks, packet.arrived_s))


def _opened() -> AudioCodecContext:
    context = CodecContext.create("libopus", "r")
    assert isinstance(context, AudioCodecContext)
    context.format, context.layout, context.sample_rate = "s16", "stereo", RATE
    return context
