"""The rolling cache: un-roped keys and values of the frames that a `Window` keeps. See `livegraph_wan.attention`.

MLX arrays are values: a pass takes the cache and gives a new one (`Present`), which MLX makes of the same memory where
nobody else looks. What differs between two blocks are arrays of fixed shape (`Aim`), so that a pass can be compiled
once per number of filled slots.
"""

from typing import NamedTuple, Protocol

import mlx.core as mx
import numpy as np

from livegraph_wan.backend import ALL
from livegraph_wan.mlx.rope import RopeTable, Turn, rotate
from livegraph_wan.window import Place, Window


class Attended(NamedTuple):
    """Roped queries and keys, values (`[B, heads, L, head_dim]`), and a mask (True: attend) or None."""

    q: mx.array
    k: mx.array
    v: mx.array
    mask: mx.array | None


class Memory(Protocol):
    """Gives a layer the keys and values that its queries may see."""

    def exchange(self, layer: int, q: mx.array, k: mx.array, v: mx.array) -> Attended: ...


class Slots(NamedTuple):
    """What is remembered: per layer `[rows, heads, window * tokens, head_dim]`."""

    keys: list[mx.array]
    values: list[mx.array]


class Aim(NamedTuple):
    """Where the rows of a pass write, and what they see."""

    starts: mx.array
    """Row of the cache and first token, `[B, 2]` int32."""
    queries: Turn
    """`[B, 1, L_q, head_dim / 2]`."""
    keys: Turn
    """`[B, 1, L_k, head_dim / 2]`: as many tokens are attended to."""
    mask: mx.array | None
    """`[B, 1, 1, L_k]` where some rows have seen less than others."""


class Present:
    """The cache during one pass over rows that follow each other from `first` on."""

    def __init__(self, slots: Slots, aim: Aim, first: int) -> None:
        self.slots = Slots(list(slots.keys), list(slots.values))
        self._aim, self._rows = aim, slice(first, first + len(aim.starts))

    def exchange(self, layer: int, q: mx.array, k: mx.array, v: mx.array) -> Attended:
        keys, values = (self._write(kept, layer, new) for kept, new in zip(self.slots, (k, v), strict=True))
        aim = self._aim
        return Attended(rotate(q, aim.queries), rotate(keys, aim.keys), values, aim.mask)

    def _write(self, kept: list[mx.array], layer: int, new: mx.array) -> mx.array:
        """Put the block's tokens in; all that its rows may see."""
        layer %= len(kept)
        for row, start in enumerate(self._aim.starts):
            kept[layer] = mx.slice_update(kept[layer], new[row : row + 1], start, axes=(0, 2))
        return kept[layer][self._rows, :, : self._aim.keys.cos.shape[2]]


class RollingCache:
    """One row of the batch per window: a stream batch has as many, each at its own place in its own stream."""

    def __init__(
        self,
        rope: RopeTable,
        windows: list[Window],
        *,
        layers: int,
        tokens: int,
        heads: int,
        head_dim: int,
        dtype: mx.Dtype,
        fixed: bool = False,
    ) -> None:
        """`tokens` is the number of tokens per frame. `fixed`: every pass attends to all slots, those masked that have
        not been filled; else to the filled ones alone, which costs less as long as they are few.
        """
        self.windows = windows
        self._rope, self._tokens, self._fixed = rope, tokens, fixed
        shape = len(windows), heads, windows[0].window * tokens, head_dim
        kept = 1 if windows[0].alone else layers  # where a block sees nothing but itself, one layer's room serves all
        self.slots = Slots(*([mx.zeros(shape, dtype) for _ in range(kept)] for _ in range(2)))
        self.first = 0
        """First row of the present pass."""
        self.filled = 0
        """Slots that hold something, in the row of the present pass that has seen most."""
        mx.eval(self.slots)

    def begin_block(self, rows: slice = ALL) -> None:
        """Make room for the next block of these `rows`; every pass until the next call is theirs, and overwrites it."""
        at = range(len(self.windows))[rows]
        places = [self.windows[row].begin_block() for row in at]
        self.first, self.aim = at.start, self._aim(at, places)

    def _aim(self, rows: range, places: list[Place]) -> Aim:
        starts = [(row, place.slot * self._tokens) for row, place in zip(rows, places, strict=True)]
        lengths = [place.filled for place in places]
        self.filled = max(lengths)
        longest = self.windows[0].window if self._fixed else self.filled
        queries = self._turns([place.queries for place in places])
        keys = self._turns([place.keys + (0,) * (longest - place.filled) for place in places])
        mask = None if min(lengths) == longest else self._upto(lengths, longest)
        return Aim(mx.array(starts, mx.int32), queries, keys, mask)

    def _turns(self, positions: list[tuple[int, ...]]) -> Turn:
        turns = [self._rope.at(frames) for frames in positions]
        return Turn(*(mx.stack(list(parts))[:, None] for parts in zip(*turns, strict=True)))

    def _upto(self, lengths: list[int], longest: int) -> mx.array:
        """`[rows, 1, 1, longest * tokens]`: rows that have seen less attend to less."""
        seen = np.arange(longest) < np.array(lengths)[:, None]
        return mx.array(seen.repeat(self._tokens, 1)[:, None, None])

    def likeness(self, row: int, slot: int, others: list[int]) -> mx.array:
        """How alike the frame in `slot` is to each of `others`, `[len(others)]`; see `livegraph_wan.backend.Runner`."""
        means = [mx.stack([self._mean(kept, row, at) for at in (slot, *others)]) for kept in self.slots]
        return mx.mean(mx.stack([_cosine(mean[1:], mean[:1]) for mean in means]), axis=(0, 2))

    def _mean(self, kept: list[mx.array], row: int, slot: int) -> mx.array:
        """The mean token of a frame, `[layers, heads * head_dim]`."""
        at = slice(slot * self._tokens, (slot + 1) * self._tokens)
        return mx.stack([layer[row, :, at].astype(mx.float32).mean(1).flatten() for layer in kept])

    def swap(self, row: int, one: int, other: int) -> None:
        """Exchange what two slots hold."""
        a, b = (slice(slot * self._tokens, (slot + 1) * self._tokens) for slot in (one, other))
        for kept in self.slots:
            for layer, tokens in enumerate(kept):
                first, second = tokens[row, :, a], tokens[row, :, b]
                tokens = mx.slice_update(tokens, second[None], mx.array([row, a.start]), axes=(0, 2))
                kept[layer] = mx.slice_update(tokens, first[None], mx.array([row, b.start]), axes=(0, 2))


def _cosine(a: mx.array, b: mx.array) -> mx.array:
    """Over the last axis."""
    lengths = mx.maximum(mx.linalg.norm(a, axis=-1), 1e-8) * mx.maximum(mx.linalg.norm(b, axis=-1), 1e-8)
    return (a * b).sum(-1) / lengths
