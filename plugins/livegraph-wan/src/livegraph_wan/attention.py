"""What self-attention attends to: one pass over a clip with a mask, or a rolling cache.

A layer hands its un-roped queries, keys and values (`[B, L, heads, head_dim]`) to its part of a `Memory` and
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


class LayerMemory(Protocol):
    """Gives one layer the keys and values that its queries may see."""

    def exchange(self, q: Tensor, k: Tensor, v: Tensor) -> Attended: ...


class Memory(Protocol):
    """What all layers see; knows which tokens are computed here."""

    def at(self, layer: int) -> LayerMemory: ...

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

    def at(self, layer: int) -> LayerMemory:
        return self

    def exchange(self, q: Tensor, k: Tensor, v: Tensor) -> Attended:
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


Table = tuple[Tensor, Tensor]
"""Cosines and sines, as `RopeTable.at` gives them, or a row of such for each row of a batch."""


class Slots(NamedTuple):
    """One layer's share of a `RollingCache` in the present pass. All of it is tensors, so that one compiled function
    serves every layer and every block.
    """

    keys: Tensor
    """Of the present rows, `[B, length, heads, head_dim]`, un-roped; written to."""
    values: Tensor
    write: Tensor
    """Where the pass's own tokens go, `[B * L]`, counted through the rows."""
    query_table: Table
    key_table: Table
    """Of the tokens that are attended to: the first so many of a row."""
    mask: Tensor | None

    def exchange(self, q: Tensor, k: Tensor, v: Tensor) -> Attended:
        for kept, fresh in ((self.keys, k), (self.values, v)):
            kept.flatten(0, 1).index_copy_(0, self.write, fresh.flatten(0, 1))
        seen = self.key_table[0].shape[1]
        roped = rotate(self.keys[:, :seen], self.key_table)
        return Attended(rotate(q, self.query_table), roped, self.values[:, :seen], self.mask)


class SharedSlots(NamedTuple):
    """The same for a crew: each brings the keys and values of its tokens, all get all."""

    slots: Slots
    crew: Crew
    block: int

    def exchange(self, q: Tensor, k: Tensor, v: Tensor) -> Attended:
        return self.slots.exchange(q, *self.crew.whole(torch.cat([k, v], -1), self.block).chunk(2, -1))


class RollingCache:
    """Un-roped keys and values of the frames that a `Window` keeps; positions are given at attention time.

    One row of the batch per window: a stream batch has as many, each at its own place in its own stream. What differs
    between two blocks lies in tensors that `begin_block` fills in place, without a look at the device. Slots that are
    not filled yet are left out; a `static` cache masks them instead, so that there are but two kinds of pass, with the
    mask and, as soon as the window is full, without (a mask rules out the fastest kernels).
    Where a block sees nothing but itself, one layer's room serves all.
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
        static: bool = False,
    ) -> None:
        """`tokens` is the number of tokens per frame. The cache is whole, whoever computes what is in it."""
        self.windows, self.crew = windows, crew
        self.block = windows[0].block
        rows, length, own = len(windows), windows[0].window * tokens, windows[0].block * tokens
        self._rope, self._tokens, self._device, self._static = rope, tokens, device, static
        self._layers = 1 if windows[0].alone else layers
        self._keys = torch.zeros(self._layers, rows, length, heads, head_dim, device=device, dtype=dtype)
        self._values = torch.zeros_like(self._keys)
        self._write = torch.zeros(rows, own, dtype=torch.long, device=device)
        self._query_table = self._blank(rows, own, head_dim)
        self._key_table = self._blank(rows, length, head_dim)
        self._masks = torch.zeros(rows, 1, 1, length, dtype=torch.bool, device=device)
        self._filled = 0
        self._present: Slots | None = None

    def _blank(self, rows: int, length: int, head_dim: int) -> Table:
        cos, sin = torch.zeros(2, rows, length, 1, head_dim // 2, device=self._device)
        return cos, sin

    @property
    def filled(self) -> int:
        """Frames that the present pass attends to."""
        return self._filled // self._tokens

    @property
    def masked(self) -> bool:
        """Whether some row of the present pass sees less than the others, or than there is room for."""
        return self._present is not None and self._present.mask is not None

    def begin_block(self, rows: slice = ALL) -> None:
        """Make room for the next block of these `rows`; every pass until the next call is theirs, and overwrites it."""
        numbers = range(len(self.windows))[rows]
        places = [self.windows[row].begin_block() for row in numbers]
        for nth, (row, place) in enumerate(zip(numbers, places, strict=True)):
            self._aim(row, nth, place)
        lengths = [place.filled * self._tokens for place in places]
        self._filled = max(lengths)
        seen = self._keys.shape[2] if self._static else self._filled
        own, keys = self._query_table, self._key_table
        self._present = Slots(
            self._keys[:, rows],
            self._values[:, rows],
            self._write[rows].flatten(),
            (self.crew.share(own[0][rows], self.block), self.crew.share(own[1][rows], self.block)),
            (keys[0][rows, :seen], keys[1][rows, :seen]),
            None if min(lengths) == seen else self._masks[rows, ..., :seen],
        )

    def _aim(self, row: int, nth: int, place: Place) -> None:
        """Point a row, the `nth` of the pass, at its block. Numbers go to the device with the calls that write them."""
        start, length = nth * self._keys.shape[2] + place.slot * self._tokens, self._write.shape[1]
        torch.arange(start, start + length, out=self._write[row])
        for tables, positions in ((self._query_table, place.queries), (self._key_table, place.keys)):
            for table, fresh in zip(tables, self._rope.at(positions), strict=True):
                table[row, : len(fresh)].copy_(fresh)
        self._masks[row, ..., : place.filled * self._tokens].fill_(True)
        self._masks[row, ..., place.filled * self._tokens :].fill_(False)

    def at(self, layer: int) -> LayerMemory:
        assert self._present is not None, "begin_block comes first"
        layer %= self._layers
        slots = self._present._replace(keys=self._present.keys[layer], values=self._present.values[layer])
        return slots if self.crew is ALONE else SharedSlots(slots, self.crew, self.block)

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
