"""Whether a stream stays what it was: the statistics of its pictures, window by window. Pure NumPy."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegraph_wan.backend import Pictures

OCTAVES = 4
"""Bands of the spectrum: the finest has the upper half of the frequencies along either axis, the next the upper half
of what is left, and so on; the picture's mean is in none."""
MEAN_BAND, STD_BAND, SPECTRUM_BAND = 2.0, 2.0, 10.0
"""How far a window may be from the first: levels, levels, and percent of an octave's energy."""

LUMA = np.asarray((0.299, 0.587, 0.114), np.float32)


class Statistics(NamedTuple):
    """Of the pictures of a window."""

    mean: float
    """Of the luma, in levels."""
    std: float
    """Within a picture, in levels."""
    spectrum: tuple[float, ...]
    """Mean energy in each octave, the finest first, in levels squared."""


@dataclass
class Window:
    """Gathers statistics of pictures, of which `every` so many is looked at."""

    every: int = 4
    seen: int = 0
    """How many pictures there were."""
    _rows: list[Statistics] = field(default_factory=list)

    def add(self, pictures: Pictures) -> None:
        """`[T, H, W, 3]`."""
        for picture in pictures:
            if self.seen % self.every == 0:
                self._rows.append(statistics_of(picture.astype(np.float32) @ LUMA))
            self.seen += 1

    @property
    def statistics(self) -> Statistics:
        """Means over what was looked at; that has to be something."""
        spectra = np.asarray([row.spectrum for row in self._rows]).mean(0)
        mean, std = (float(np.mean([row[which] for row in self._rows])) for which in (0, 1))
        return Statistics(mean, std, tuple(spectra.tolist()))


def statistics_of(luma: NDArray[np.float32]) -> Statistics:
    """Of one picture `[H, W]`."""
    return Statistics(float(luma.mean()), float(luma.std()), spectrum_of(luma))


def spectrum_of(luma: NDArray[np.float32], octaves: int = OCTAVES) -> tuple[float, ...]:
    """Energy of a picture `[H, W]` in each octave of its frequencies, the finest first. Together they are its variance
    (Parseval), save for what is coarser than the last.
    """
    energy = np.abs(np.fft.rfft2(luma)) ** 2 / luma.size**2
    energy[:, 1 : (luma.shape[1] + 1) // 2] *= 2  # what a real transform leaves out is the mirror image of these
    rows = np.abs(np.fft.fftfreq(luma.shape[0]))[:, None]
    coarse = np.maximum(rows, np.fft.rfftfreq(luma.shape[1])[None])
    edges = [0.5 / 2**octave for octave in range(octaves + 1)]
    return tuple(float(energy[(coarse > low) & (coarse <= high)].sum()) for high, low in pairwise(edges))


class Deviation(NamedTuple):
    """How far a window is from another."""

    mean: float
    """Levels."""
    std: float
    """Levels."""
    spectrum: float
    """Percent, in the octave that changed most."""

    @property
    def in_band(self) -> bool:
        return abs(self.mean) <= MEAN_BAND and abs(self.std) <= STD_BAND and abs(self.spectrum) <= SPECTRUM_BAND


def deviation(of: Statistics, since: Statistics) -> Deviation:
    """Signed: more than then is positive."""
    changes = [100 * (now / then - 1) if then else 0.0 for now, then in zip(of.spectrum, since.spectrum, strict=True)]
    return Deviation(of.mean - since.mean, of.std - since.std, max(changes, key=abs))
