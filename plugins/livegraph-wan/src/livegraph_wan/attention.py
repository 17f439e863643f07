"""What self-attention attends to: one pass over a clip with a mask, or a rolling cache.

A layer hands its un-roped queries, keys and values (`[B, L, heads, head_dim]`) to a `Memory` and
gets back what to attend with. Tokens are ordered frame by frame.
"""

from typing import Literal, NamedTuple, Protocol

import torch
from torch import Tensor

from livegraph_wan.rope import RopeTable, rotate

RopeMode = Literal["relative", "absolute"]


class Attended(NamedTuple):
    """Roped queries and keys, values, and a boolean mask `[L_q, L_k]` (True: attend) or None."""

    q: Tensor
    k: Tensor
    v: Tensor
    mask: Tensor | None


class Memory(Protocol):
    """Gives a layer the keys and values that its queries may see."""

    def exchange(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Attended: ...


class DenseMemory:
    """All frames of a clip at once under an explicit mask: for training, and to test the cache."""

    def __init__(self, rope: RopeTable, frames: int, mask: Tensor | None, start: int = 0) -> None:
        """`mask` as `block_causal_mask` gives it; the first of `frames` is at position `start`."""
        self._table = rope.at(tuple(range(start, start + frames)))
        self._mask = mask

    def exchange(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Attended:
        return Attended(rotate(q, self._table), rotate(k, self._table), v, self._mask)


def block_causal_mask(frames: int, block: int, tokens: int, window: int | None = None, sink: int = 0) -> Tensor:
    """Who may attend to whom, `[frames * tokens, frames * tokens]` bool.

    A frame sees its own block, those before it, and with a `window` only the last `window` frames
    counted back from the end of its block, `sink` of which are the clip's first ones instead.
    """
    at = torch.arange(frames)
    end = (at // block + 1) * block
    seen = at[None] < end[:, None]
    if window is not None:
        recent = at[None] >= (end - (window - sink))[:, None]
        seen &= recent | (at < sink)[None]
    return seen.repeat_interleave(tokens, 0).repeat_interleave(tokens, 1)


class RollingCache:
    """Keys and values of the last `window` frames, the first `sink` of the stream kept for good.

    Slots are a ring (attention does not care about order) and keys are stored un-roped. In
    `relative` mode a frame's position is its place in the window, so a stream can go on for ever;
    `absolute` counts from the start of the stream, for checkpoints that were trained on it.
    All bookkeeping is in Python integers: nothing waits for the device.
    """

    def __init__(
        self,
        rope: RopeTable,
        *,
        layers: int,
        shape: tuple[int, int, int, int],
        window: int,
        sink: int,
        block: int,
        mode: RopeMode,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        """`shape` is (batch, tokens per frame, heads, head_dim)."""
        if sink % block or (window - sink) % block or window - sink < block:
            raise ValueError(
                f"window {window} and sink {sink} must leave whole blocks of {block} frames: "
                "choose multiples of it, with window - sink at least one block"
            )
        batch, tokens, heads, head_dim = shape
        full = (layers, batch, window * tokens, heads, head_dim)
        self._rope, self._mode, self._tokens = rope, mode, tokens
        self._window, self._sink, self._block = window, sink, block
        self._keys = torch.zeros(full, device=device, dtype=dtype)
        self._values = torch.zeros(full, device=device, dtype=dtype)
        self._started = 0

    def begin_block(self) -> None:
        """Make room for the next block; every pass until the next call overwrites it."""
        self._started += self._block
        first = self._started - self._block
        self._slot = self._slot_of(first) * self._tokens
        self._filled = min(self._started, self._window)
        positions = [0] * self._filled
        for frame in self._kept():
            positions[self._slot_of(frame)] = self._position_of(frame)
        own = tuple(self._position_of(first + i) for i in range(self._block))
        self._query_table = self._rope.at(own)
        self._key_table = self._rope.at(tuple(positions))

    @property
    def frames(self) -> int:
        """How many frames are attended to, the current block among them."""
        return min(self._started, self._window)

    def reset(self) -> None:
        """Forget the stream; the buffers are kept."""
        self._started = 0

    def exchange(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Attended:
        start, length = self._slot, self._block * self._tokens
        filled = self._filled * self._tokens
        keys, values = self._keys[layer], self._values[layer]
        keys[:, start : start + length].copy_(k)
        values[:, start : start + length].copy_(v)
        roped = rotate(keys[:, :filled], self._key_table)
        return Attended(rotate(q, self._query_table), roped, values[:, :filled], None)

    def _kept(self) -> list[int]:
        if self._started <= self._window:
            return list(range(self._started))
        recent = range(self._started - (self._window - self._sink), self._started)
        return [*range(self._sink), *recent]

    def _slot_of(self, frame: int) -> int:
        if frame < self._sink:
            return frame
        return self._sink + (frame - self._sink) % (self._window - self._sink)

    def _position_of(self, frame: int) -> int:
        if self._mode == "absolute" or frame < self._sink:
            return frame
        return frame - max(0, self._started - self._window)
