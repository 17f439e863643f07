"""The power of sound by bands, over a window that ends with the newest sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
"""float32 [samples, channels] in -1..1, as `Audio`."""
Band: TypeAlias = tuple[float, float]
"""From the first frequency (Hz) to the second, which is not in it."""

LEAST = 16
"""Samples of a window, so that there is a spectrum at any rate."""


class Spectrum:
    """Keeps the last `window_s` of a sound at one rate. Before its beginning there is silence."""

    def __init__(self, rate: int, channels: int, window_s: float) -> None:
        self._past = np.zeros((max(LEAST, round(window_s * rate)), channels), np.float32)
        count = len(self._past)
        self._window = np.hanning(count + 1)[:-1, None].astype(np.float32)  # periodic, as a spectrum wants it
        self._frequencies = np.fft.rfftfreq(count, 1 / rate)
        self._scale = 2 / (count * float(np.square(self._window).sum()))

    def put(self, block: Samples) -> None:
        """The sound goes on with this block."""
        newest = block[-len(self._past) :]
        self._past = np.concatenate([self._past[len(newest) :], newest])

    def powers(self, bands: Sequence[Band]) -> list[float]:
        """The mean square that the frequencies of each band have, over the channels: of a full-scale sine 0.5; a
        constant counts for nothing. By Parseval's theorem, the window's own power taken out.
        """
        swings = self._past - self._past.mean(axis=0)
        bins = np.square(np.abs(np.fft.rfft(swings * self._window, axis=0))).mean(axis=1) * self._scale
        edges = [np.searchsorted(self._frequencies, band) for band in bands]
        return [float(bins[begin:end].sum()) for begin, end in edges]
