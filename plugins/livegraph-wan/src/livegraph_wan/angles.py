"""The angles of the rotary position embedding over time, height and width, and of the timestep embedding. In fp64, so
that frame 5000 is as exact as frame 0; a backend stores their cosines and sines in fp32.
"""

import numpy as np
from numpy.typing import NDArray

THETA = 10000.0

Angles = NDArray[np.float64]


def of_time(frames: tuple[int, ...], head_dim: int) -> Angles:
    """`[len(frames), (head_dim - 4 * (head_dim // 6)) / 2]`: a head's channels are interleaved pairs, of which time has
    these, and height and width `2 * (head_dim // 6)` each (wan 2.1).
    """
    return np.multiply.outer(np.array(frames, np.float64), _frequencies(head_dim - 4 * (head_dim // 6)))


def of_space(height: int, width: int, head_dim: int) -> Angles:
    """`[height * width, 2 * (head_dim // 6)]`, row by row: a token's row, then its column."""
    side = _frequencies(2 * (head_dim // 6))
    rows, columns = (np.multiply.outer(np.arange(count, dtype=np.float64), side) for count in (height, width))
    return np.concatenate([rows.repeat(width, 0), np.tile(columns, (height, 1))], 1)


def _frequencies(channels: int) -> Angles:
    return THETA ** (-np.arange(0, channels, 2, dtype=np.float64) / channels)


def of_timesteps(timesteps: NDArray[np.float64], channels: int) -> Angles:
    """`[..., channels / 2]` for the sinusoidal embedding, whose cosines come before its sines."""
    half = channels // 2
    return np.multiply.outer(timesteps, THETA ** (-np.arange(half, dtype=np.float64) / half))
