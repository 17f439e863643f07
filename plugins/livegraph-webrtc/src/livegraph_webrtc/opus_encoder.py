"""Opus by libopus: blocks of sound in, packets of 20 ms out, on the clock of the pictures beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from livegraph import Frame, InputError
from livegraph_webrtc.ffmpeg import (
    AudioCodecContext,
    AudioFrame,
    AudioResampler,
    AudioStream,
    CodecContext,
    FFmpegError,
    Packet,
    UnknownCodecError,
)

RATE = 48_000
"""Of Opus in RTP, whatever is in it (RFC 7587, section 4.1)."""
SAMPLES = 960
"""20 ms: what browsers send."""
TIME_BASE = Fraction(1, RATE)
Samples: TypeAlias = NDArray[np.float32]
"""float32 [samples, channels] in -1..1, as `Audio`."""

_EVEN_S = 0.002
"""A block that begins so near the end of the one before follows it."""
_LONGEST_S = 1
"""A shorter hole becomes silence; a longer one stays, and the packets' times tell it."""
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""By the number of channels. Of more, the first two are heard."""


@dataclass(frozen=True, slots=True)
class CodedSound:
    """20 ms of 48 kHz stereo. The packet's pts are ticks of 1/48000 s of the graph's time: 6.5 ms before the samples
    that went in, for so long libopus looks ahead, and what is decoded lags.
    """

    packet: Packet[AudioStream]
    bits: int


class OpusEncoder:
    """Takes blocks of any rate and number of channels. What overlaps is cut off."""

    def __init__(self) -> None:
        self._context: AudioCodecContext | None = None
        self._bps = 0
        self._rate = self._channels = 0
        self._begin_s = Fraction(0)
        self._count = self._out = 0

    def encode(self, block: Frame, bps: int) -> list[CodedSound]:
        """The packets that a block completes. `InputError` where it is no sound."""
        samples, rate = _samples(block)
        begin_s = Fraction(block.pts_ns, 1_000_000_000)
        ahead_s = begin_s - self._end_s if self._rate else None
        if ahead_s is None or ahead_s > _LONGEST_S:
            self._begin(begin_s, rate, samples.shape[1])
            ahead_s = Fraction(0)
        elif (rate, samples.shape[1]) != (self._rate, self._channels):
            self._begin(self._end_s, rate, samples.shape[1])
        return [CodedSound(packet, 8 * packet.size) for packet in self._packets(samples, ahead_s, bps)]

    @property
    def _end_s(self) -> Fraction:
        return self._begin_s + Fraction(self._count, self._rate)

    def _begin(self, begin_s: Fraction, rate: int, channels: int) -> None:
        """What the resampler and the encoder still hold, less than a packet, is left out."""
        self._begin_s, self._count, self._rate, self._channels = begin_s, 0, rate, channels
        self._out = round(begin_s * RATE)
        self._context = None  # what it looked ahead at would make the next packet stand before the hole
        self._resampler = AudioResampler(format="flt", layout="stereo", rate=RATE, frame_size=SAMPLES)

    def _packets(self, samples: Samples, ahead_s: Fraction, bps: int) -> Iterator[Packet[AudioStream]]:
        if ahead_s > _EVEN_S:
            yield from self._put(np.zeros((round(ahead_s * self._rate), self._channels), np.float32), bps)
        elif ahead_s < -_EVEN_S:
            samples = samples[round(-ahead_s * self._rate) :]
        if len(samples):
            yield from self._put(samples, bps)

    def _put(self, samples: Samples, bps: int) -> Iterator[Packet[AudioStream]]:
        heard = samples if self._channels in _LAYOUTS else samples[:, :2]
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(heard.T), "fltp", _LAYOUTS[heard.shape[1]])
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._count, Fraction(1, self._rate)
        self._count += len(samples)
        for full in self._resampler.resample(frame):
            full.pts, full.time_base = self._out, TIME_BASE
            self._out += full.samples
            yield from self._context_for(bps).encode(full)

    def _context_for(self, bps: int) -> AudioCodecContext:
        """FFmpeg's libopus keeps the bitrate that it was opened with."""
        if self._context is None or bps != self._bps:
            self._context, self._bps = _opened(bps), bps
        return self._context


def prove() -> None:
    """Encode a moment. `InputError` where that does not work."""
    second = Frame(0, data=np.zeros((RATE, 1), np.float32), meta={"rate": RATE})
    try:
        coded = OpusEncoder().encode(second, 64_000)
    except (FFmpegError, UnknownCodecError) as error:
        raise InputError(f"no encoder for Opus works here ({error}); take the wire of `audio` away") from error
    if not coded:
        raise InputError("the encoder for Opus gives nothing back; take the wire of `audio` away")


def _opened(bps: int) -> AudioCodecContext:
    context = CodecContext.create("libopus", "w")
    assert isinstance(context, AudioCodecContext)
    context.format, context.layout, context.sample_rate = "flt", "stereo", RATE
    context.time_base = TIME_BASE
    context.bit_rate = bps
    context.options = {"application": "audio", "frame_duration": "20"}
    return context


def _samples(block: Frame) -> tuple[Samples, int]:
    data, rate = block.data, block.meta.get("rate")
    if not _is_sound(data) or not rate:
        raise InputError("no sound: it has to be float32 [samples, channels] with meta['rate']")
    return data, int(rate)


def _is_sound(data: Any) -> bool:
    return isinstance(data, np.ndarray) and data.ndim == 2 and bool(data.shape[1]) and data.dtype == np.float32
