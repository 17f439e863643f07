"""Rotary position embedding on MLX; see `livegraph_wan.angles`. (`mx.fast.rope` knows one axis only.)"""

from typing import NamedTuple

import mlx.core as mx
import numpy as np

from livegraph_wan.angles import Angles, of_space, of_time


class Turn(NamedTuple):
    """Cosines and sines fp32, one per token and channel pair: `[L, head_dim / 2]`, or that behind `[B, 1]`."""

    cos: mx.array
    sin: mx.array


class RopeTable:
    """Angles for a fixed token grid; the frames' positions are chosen per call."""

    def __init__(self, head_dim: int, height: int, width: int) -> None:
        self._head_dim = head_dim
        self._space = _upload(of_space(height, width, head_dim))

    def at(self, frames: tuple[int, ...]) -> Turn:
        """`[len(frames) * height * width, head_dim / 2]`, frame by frame."""
        times = _upload(of_time(frames, self._head_dim))
        return Turn(*(_grid(time, space) for time, space in zip(times, self._space, strict=True)))


def _grid(time: mx.array, space: mx.array) -> mx.array:
    shape = len(time), len(space)
    parts = [mx.broadcast_to(time[:, None], (*shape, time.shape[1])), mx.broadcast_to(space, (*shape, space.shape[1]))]
    return mx.concatenate(parts, -1).flatten(0, 1)


def _upload(angles: Angles) -> Turn:
    return Turn(*(mx.array(part(angles).astype(np.float32)) for part in (np.cos, np.sin)))


def rotate(x: mx.array, turn: Turn) -> mx.array:
    """Turn each channel pair of `[B, heads, L, head_dim]` by its angle, in fp32."""
    pairs = mx.unflatten(x.astype(mx.float32), -1, (-1, 2))
    even, odd = pairs[..., 0], pairs[..., 1]
    turned = mx.stack([even * turn.cos - odd * turn.sin, even * turn.sin + odd * turn.cos], -1)
    return turned.flatten(-2).astype(x.dtype)
