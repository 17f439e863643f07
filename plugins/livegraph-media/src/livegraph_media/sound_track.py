"""Sound as an AAC track, on the clock of the pictures beside it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from livegraph import Frame, InputError
from livegraph_media.ffmpeg import AudioFrame, AudioResampler, AudioStream, OutputContainer, Packet
from livegraph_media.silence import RATE, SAMPLES

_EVEN_S = 0.002
"""A block that begins so near the end of the one before follows it."""
_PATIENCE_NS = 500_000_000
"""How far sound may lag behind the pictures until silence takes its place."""
_LONGEST_S = 1
"""Of a hole longer than two of these, the middle is left out of the track: nobody encodes an hour of silence."""
_EARLY = 1000
LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""FFmpeg's names, by the number of channels. Of more, the first two are heard."""


class SoundTrack:
    """Takes blocks of any rate and number of channels, and makes 48 kHz stereo of them. Times are nanoseconds from the
    first picture on: what is before is cut off, so is what overlaps, and a hole becomes silence. The first 21 ms, which
    AAC has from a packet before the beginning, fade in.
    """

    def __init__(self, output: OutputContainer) -> None:
        stream = output.add_stream("aac", rate=RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        self._stream = stream
        self._rate, self._channels = RATE, 2
        self._begin_s = Fraction(0)
        self._count = 0
        self._resampler = self._fresh()
        self._given = 0

    def encode(self, sound: Frame, pts_ns: int) -> Iterable[Packet[Any]]:
        """The packets that a block at `pts_ns` completes."""
        data, rate = _samples(sound)
        if (rate, data.shape[1]) != (self._rate, self._channels):
            yield from self._change(rate, data.shape[1])
        skip = round((self._ends_s - Fraction(pts_ns, 1_000_000_000)) * rate)
        if skip < -_EVEN_S * rate:
            yield from self._silence(pts_ns)
        if len(kept := data[skip:] if skip > _EVEN_S * rate else data):
            yield from self._put(kept)

    def beyond(self, pts_ns: int) -> Iterable[Packet[Any]]:
        """Packets of silence where the sound is half a second behind the picture at `pts_ns`; what comes later is cut
        off. Muxers and players wait for a track of which nothing comes.
        """
        yield from self._silence(pts_ns - _PATIENCE_NS)

    def finish(self) -> Iterable[Packet[Any]]:
        """The packets that are still to come."""
        yield from self._encode(self._resampler.resample(None))
        yield from self._kept(self._stream.encode(None))

    @property
    def _ends_s(self) -> Fraction:
        return self._begin_s + Fraction(self._count, self._rate)

    def _silence(self, until_ns: int) -> Iterator[Packet[Any]]:
        until_s = Fraction(until_ns, 1_000_000_000)
        if until_s - self._ends_s > 2 * _LONGEST_S:
            yield from self._put(self._zeros(_LONGEST_S * self._rate))  # what waits in the resampler comes out with it
            left_out = int((until_s - self._ends_s - _LONGEST_S) * RATE / SAMPLES) * SAMPLES
            self._begin_s += Fraction(left_out, RATE)
            self._given += left_out
        if (missing := round((until_s - self._ends_s) * self._rate)) > 0:
            yield from self._put(self._zeros(missing))

    def _zeros(self, samples: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.zeros((samples, self._channels), np.float32)

    def _change(self, rate: int, channels: int) -> Iterator[Packet[Any]]:
        yield from self._encode(self._resampler.resample(None))
        self._begin_s, self._count, self._rate, self._channels = self._ends_s, 0, rate, channels
        self._resampler = self._fresh()

    def _fresh(self) -> AudioResampler:
        return AudioResampler(format="fltp", layout="stereo", rate=RATE, frame_size=SAMPLES)

    def _put(self, data: np.ndarray[Any, np.dtype[np.float32]]) -> Iterator[Packet[Any]]:
        heard = data if data.shape[1] in LAYOUTS else data[:, :2]
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(heard.T), "fltp", LAYOUTS[heard.shape[1]])
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._count, Fraction(1, self._rate)
        self._count += len(data)
        yield from self._encode(self._resampler.resample(frame))

    def _encode(self, frames: Iterable[AudioFrame]) -> Iterator[Packet[Any]]:
        for frame in frames:
            frame.pts, frame.time_base = self._given, Fraction(1, RATE)
            self._given += frame.samples
            yield from self._kept(self._stream.encode(frame))

    def _kept(self, packets: Iterable[Packet[Any]]) -> Iterator[Packet[Any]]:
        """Without the encoder's first packet, which is from before the beginning."""
        return (packet for packet in packets if packet.pts is not None and packet.pts >= 0)


class EarlySound:
    """Blocks on their way to a track that begins with the first picture, which a model may keep for a while."""

    def __init__(self) -> None:
        self._blocks: deque[Frame] = deque(maxlen=_EARLY)

    def put(self, block: Frame) -> None:
        self._blocks.append(block)

    def take(self, first_ns: int) -> Iterator[tuple[Frame, int]]:
        """What waits, each with its nanoseconds since the first picture, at `first_ns`."""
        while self._blocks:
            block = self._blocks.popleft()
            yield block, block.pts_ns - first_ns


def _samples(sound: Frame) -> tuple[np.ndarray[Any, np.dtype[np.float32]], int]:
    """[samples, channels] and the rate; InputError where a frame is no sound."""
    data, rate = sound.data, sound.meta.get("rate")
    if not isinstance(data, np.ndarray) or data.ndim != 2 or not data.shape[1] or data.dtype != np.float32 or not rate:
        raise InputError("no sound: it has to be float32 [samples, channels] with meta['rate']")
    return data, int(rate)
