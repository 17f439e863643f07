"""Motion-aware strength: what moves is painted over a little less, so that it stays whole (StreamDiffusionV2)."""

import numpy as np
from numpy.typing import NDArray

FULL = 0.2
"""RMS change between two frames, on pixels in -1..1, that counts as full motion."""
GIVES = 0.1
"""Strength that full motion takes away."""
PERSISTS = 0.1
"""Share of the strength before that stays."""
ACROSS = 256
"""Pixels along a side that are looked at, at most: the mean needs no more."""


class MotionAware:
    """The strength of each chunk of one stream."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """The next chunk is the first."""
        self._last: NDArray[np.int16] | None = None
        self._strength: float | None = None

    def strength(self, frames: NDArray[np.uint8], wanted: float) -> float:
        """For a chunk `[T, H, W, 3]` whose strength would be `wanted` were everything still, 0..1."""
        motion = min(1.0, self._change(frames) / FULL)
        before = wanted if self._strength is None else self._strength
        self._strength = (1 - PERSISTS) * (wanted - GIVES * motion) + PERSISTS * before
        return max(0.0, self._strength)

    def _change(self, frames: NDArray[np.uint8]) -> float:
        """The largest RMS difference of two neighbours, on pixels in -1..1."""
        step = max(1, max(frames.shape[1:3]) // ACROSS)
        seen = frames[:, ::step, ::step].astype(np.int16)
        if self._last is not None and self._last.shape == seen.shape[1:]:
            seen = np.concatenate([self._last[None], seen])
        self._last = seen[-1]
        if len(seen) < 2:
            return 0.0
        squares = np.square(np.diff(seen, axis=0), dtype=np.float32).mean(axis=(1, 2, 3))
        return float(np.sqrt(squares.max())) / 127.5
