"""What self-attention attends to: one pass over a clip with a mask, or a rolling cache.

A layer hands its un-roped queries, keys and values (`[B, L, heads, head_dim]`) to a `Memory` and
gets back what to attend with. Tokens are ordered frame by frame.
"""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from livegraph_wan.backend import ALL
from livegraph_wan.rope import RopeTable, rotate
from livegraph_wan.window import Place, Window


class Attended(NamedTuple):
    """Roped queries and keys, values, and a boolean mask (True: attend) that broadcasts to
    `[B, heads, L_q, L_k]`, or None."""

    q: Tensor
    k: Tensor
    v: Tensor
    mask: Tensor | None


class Memory(Protocol):
    """Gives a layer the keys and values that its queries may see; knows which tokens are computed here."""

    def exchange(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Attended: ...

    @property
    def crew(self) -> "Crew": ...


class Crew(Protocol):
    """Those who compute one block together: each has a share of every frame's tokens."""

    def share(self, x: Tensor, frames: int) -> Tensor:
        """Of a block's tokens `[B, F*S, ...]` those that are computed here."""

    def whole(self, x: Tensor, frames: int) -> Tensor:
        """The block's tokens, from those that were computed here."""


class Alone:
    """A crew of one."""

    def share(self, x: Tensor, frames: int) -> Tensor:
        return x

    def whole(self, x: Tensor, frames: int) -> Tensor:
        return x


ALONE = Alone()


class DenseMemory:
    """All frames of a clip at once under an explicit mask: for training, and to test the cache."""

    crew = ALONE

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
    """Un-roped keys and values of the frames that a `Window` keeps; positions are given at attention time.

    One row of the batch per window: a stream batch has as many, each at its own place in its own stream. What differs
    between two blocks lies in tensors of fixed shape (where to write, the tables of angles), which `begin_block` fills
    in place, so that a pass can be captured as a graph once per number of filled slots.
    """

    def __init__(
        self,
        rope: RopeTable,
        windows: list[Window],
        *,
        layers: int,
        tokens: int,
        heads: int,
        head_dim: int,
        device: torch.device,
        dtype: torch.dtype,
        crew: Crew = ALONE,
    ) -> None:
        """`tokens` is the number of tokens per frame. The cache is whole, whoever computes what is in it."""
        self.windows, self.crew = windows, crew
        self.block = windows[0].block
        rows, length, own = len(windows), windows[0].window * tokens, windows[0].block * tokens
        self._rope, self._tokens, self._device = rope, tokens, device
        self._keys = torch.zeros(layers, rows, length, heads, head_dim, device=device, dtype=dtype)
        self._values = torch.zeros_like(self._keys)
        self._write = torch.zeros(rows, own, dtype=torch.long, device=device)
        self._query_table = self._blank(rows, own, head_dim)
        self._key_table = self._blank(rows, length, head_dim)
        self._own_table = self._query_table
        self._rows, self._filled = ALL, 0
        self._mask: Tensor | None = None

    def _blank(self, rows: int, length: int, head_dim: int) -> tuple[Tensor, Tensor]:
        cos, sin = torch.zeros(2, rows, length, 1, head_dim // 2, device=self._device)
        return cos, sin

    @property
    def filled(self) -> int:
        """Slots that the present pass attends to."""
        return self._filled // self._tokens

    def begin_block(self, rows: slice = ALL) -> None:
        """Make room for the next block of these `rows`; every pass until the next call is theirs, and overwrites it."""
        self._rows = rows
        places = [window.begin_block() for window in self.windows[rows]]
        self._filled = max(place.filled for place in places) * self._tokens
        for row, place in zip(range(len(self.windows))[rows], places, strict=True):
            self._aim(row, place)
        cos, sin = self._query_table
        self._own_table = self.crew.share(cos, self.block), self.crew.share(sin, self.block)
        lengths = [place.filled * self._tokens for place in places]
        self._mask = None if min(lengths) == self._filled else self._upto(lengths)

    def _aim(self, row: int, place: Place) -> None:
        start, length = place.slot * self._tokens, self._write.shape[1]
        torch.arange(start, start + length, out=self._write[row])
        for tables, positions in ((self._query_table, place.queries), (self._key_table, place.keys)):
            for table, fresh in zip(tables, self._rope.at(positions), strict=True):
                table[row, : len(fresh)].copy_(fresh)

    def _upto(self, lengths: list[int]) -> Tensor:
        """`[rows, 1, 1, filled]`: rows that have seen less attend to less."""
        at, ends = torch.arange(self._filled), torch.tensor(lengths)
        return (at < ends[:, None])[:, None, None].to(self._device)

    def exchange(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Attended:
        if self.crew is not ALONE:
            k, v = self.crew.whole(torch.cat([k, v], -1), self.block).chunk(2, -1)
        rows, seen = self._rows, slice(0, self._filled)
        keys, values = self._keys[layer, rows], self._values[layer, rows]
        for row, at in enumerate(self._write[rows]):
            keys[row].index_copy_(0, at, k[row])
            values[row].index_copy_(0, at, v[row])
        (cos, sin), (own_cos, own_sin) = self._key_table, self._own_table
        roped = rotate(keys[:, seen], (cos[rows, seen], sin[rows, seen]))
        return Attended(rotate(q, (own_cos[rows], own_sin[rows])), roped, values[:, seen], self._mask)

    def reset(self) -> None:
        """Forget the stream; the buffers are kept."""
        for window in self.windows:
            window.reset()

    def likeness(self, row: int, slot: int, others: list[int]) -> Tensor:
        """How alike the frame in `slot` is to each of `others`, `[len(others)]` on the device: the cosine between mean
        keys and between mean values, averaged, over all layers (StreamDiffusionV2 decides layer by layer).
        """
        means = []
        for kept in (self._keys, self._values):
            frames = torch.unflatten(kept[:, row], 1, (-1, self._tokens)).float().mean(2).flatten(2)
            means.append(torch.cosine_similarity(frames[:, others], frames[:, [slot]], -1))
        return torch.stack(means).mean((0, 1))

    def swap(self, row: int, one: int, other: int) -> None:
        """Exchange what two slots hold."""
        a, b = (slice(slot * self._tokens, (slot + 1) * self._tokens) for slot in (one, other))
        for kept in (self._keys, self._values):
            first = kept[:, row, a].clone()
            kept[:, row, a] = kept[:, row, b]
            kept[:, row, b] = first
