"""`audio.level`: how loud sound is, as signals."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from livegraph import Audio, Frame, In, InputError, Node, Out, Param, Signal
from livegraph_audio.spectrum import Band, Samples, Spectrum


class Level(Node):
    """How loud each block of sound is, from 0 (`floor_db` and below) to 1 (full scale, 0 dB), even steps of decibels
    between. A full-scale sine has -3.01 dB.
    """

    audio: In[Audio] = In(doc="sound at any rate, of any number of channels")
    rms: Out[Signal] = Out(doc="all of it: the root mean square of the block")
    low: Out[Signal] = Out(doc="below `low_to`")
    mid: Out[Signal] = Out(doc="from `low_to` to `high_from`")
    high: Out[Signal] = Out(doc="from `high_from` on")
    floor_db: float = Param(-60.0, ge=-120, le=-1, live=True, unit="dB", doc="what counts as silence")
    low_to: float = Param(250.0, gt=0, le=20_000, live=True, unit="Hz", doc="where low ends")
    high_from: float = Param(4000.0, gt=0, le=20_000, live=True, unit="Hz", doc="where high begins")
    attack: float = Param(0.0, ge=0, le=10, live=True, unit="s", doc="time constant on the way up; 0: at once")
    release: float = Param(0.2, ge=0, le=10, live=True, unit="s", doc="time constant on the way down; 0: at once")
    window: float = Param(0.04, ge=0.005, le=1, unit="s", doc="how much sound the bands look back on")

    def setup(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._spectrum: Spectrum | None = None
        self._kind = (0, 0)
        self._ends_ns: int | None = None
        self._told: dict[str, float] = {}

    async def process(self, audio: Frame) -> Mapping[str, float] | None:
        """A value per port, at the block's pts."""
        block, rate = samples_of(audio)
        if not len(block):
            return None
        powers = {"rms": float(np.square(block, dtype=np.float64).mean())}
        if not self._bands.keys().isdisjoint(self.ctx.wired):
            spectrum = self._continued(audio.pts_ns, rate, block.shape[1])
            spectrum.put(block)
            powers |= zip(self._bands, spectrum.powers(list(self._bands.values())), strict=True)
        ends_ns = audio.pts_ns + len(block) * 1_000_000_000 // rate
        passed_s = (ends_ns - (audio.pts_ns if self._ends_ns is None else self._ends_ns)) / 1e9
        self._ends_ns = ends_ns
        self._told = {port: self._followed(port, self._share(power), passed_s) for port, power in powers.items()}
        return self._told

    def _continued(self, pts_ns: int, rate: int, channels: int) -> Spectrum:
        """What goes on with a block at this pts: a hole in the sound, or another kind of sound, begins anew."""
        hole = self._ends_ns is not None and pts_ns - self._ends_ns > self.window * 1e9
        if self._spectrum is None or hole or self._kind != (rate, channels):
            self._spectrum, self._kind = Spectrum(rate, channels, self.window), (rate, channels)
        return self._spectrum

    @property
    def _bands(self) -> dict[str, Band]:
        low_to, high_from = self.low_to, max(self.low_to, self.high_from)
        return {"low": (0.0, low_to), "mid": (low_to, high_from), "high": (high_from, math.inf)}

    def _share(self, power: float) -> float:
        """0..1 of the way from `floor_db` to full scale."""
        db = 10 * math.log10(power) if power > 0 else -math.inf
        return min(max(1 - db / self.floor_db, 0.0), 1.0)

    def _followed(self, port: str, share: float, passed_s: float) -> float:
        """After an attack or a release of first order, as of an analog meter."""
        before = self._told.get(port, 0.0)
        tau = self.attack if share > before else self.release
        return share if tau == 0 else before + (share - before) * -math.expm1(-max(passed_s, 0.0) / tau)


def samples_of(sound: Frame) -> tuple[Samples, int]:
    """A block and its rate, what is no number taken for silence; InputError where a frame is no sound."""
    data, rate = sound.data, sound.meta.get("rate")
    if not isinstance(data, np.ndarray) or data.ndim != 2 or not data.shape[1] or data.dtype != np.float32 or not rate:
        raise InputError("no sound: it has to be float32 [samples, channels] with meta['rate']")
    return data if np.isfinite(data).all() else np.nan_to_num(data, nan=0.0, posinf=0.0, neginf=0.0), int(rate)
