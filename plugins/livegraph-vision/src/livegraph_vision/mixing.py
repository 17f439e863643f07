"""Mixing a plane with the one before it, without the residue that 8 bits leave."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from livegraph import Image
from livegraph_vision.opencv import cv2

FLUSH_EVERY = 16
FAINT = 1e-3


class Mixer(Protocol):
    """Keeps what one plane was. `mix` returns a new plane, or one that it was given; it writes into neither."""

    def mix(self, plane: Image, ratio: float) -> Image: ...


class Pair:
    """Two taps: (1 - ratio) times the plane, plus ratio times the plane that came in before it."""

    def __init__(self) -> None:
        self._before: Image | None = None

    def mix(self, plane: Image, ratio: float) -> Image:
        before, self._before = self._before, plane
        if before is None or before is plane or ratio == 0:
            return plane
        return np.asarray(cv2.addWeighted(plane, 1 - ratio, before, ratio, 0), np.uint8)


class Trail:
    """Recursive: (1 - ratio) times the plane, plus ratio times what was shown before it.

    What was shown is kept as float32: in 8 bits the rounding sticks up to 0.5 / (1 - ratio) levels short of a still
    picture (4 at a ratio of 0.9), and a trail never fades. While the same object comes again, as neutral chroma does,
    it is passed on untouched.
    """

    def __init__(self) -> None:
        self._shown: Image | None = None
        self._exact: NDArray[np.float32] | None = None
        self._mixed = 0

    def mix(self, plane: Image, ratio: float) -> Image:
        if self._shown is None or ratio == 0:
            self._shown, self._exact = plane, None
            return plane
        if self._exact is None:
            if plane is self._shown:
                return plane
            self._exact = self._shown.astype(np.float32)
        cv2.accumulateWeighted(plane, self._exact, 1 - ratio)
        self._flush(self._exact)
        return np.asarray(cv2.convertScaleAbs(self._exact), np.uint8)

    def _flush(self, exact: NDArray[np.float32]) -> None:
        """A trail that fades to 0 ends in denormal floats, which many processors compute a hundred times slower."""
        self._mixed += 1
        if self._mixed % FLUSH_EVERY == 0:
            cv2.threshold(exact, FAINT, 0, cv2.THRESH_TOZERO, dst=exact)
