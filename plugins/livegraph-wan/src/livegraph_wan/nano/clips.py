"""A stream of training clips, of three kinds; made inline, or by worker processes beside a GPU."""

import os
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from livegraph_wan.grid import FRAMES
from livegraph_wan.nano.drawn import uniform
from livegraph_wan.nano.scenes import make_clip


class Kind(NamedTuple):
    """What clips are made of."""

    latents: int
    """Latent frames of a clip."""
    size: int
    """Side in pixels."""
    remembers: bool
    """Whether they are rendered in the styles with a memory too."""
    share: float
    """Of all clips."""
    steps: float
    """Share of the training steps that take them."""
    batch: float
    """Clips in a batch, as a part of the batch that was asked for: the tokens stay about the same."""


KINDS = {
    "small": Kind(latents=3, size=128, remembers=False, share=0.55, steps=0.45, batch=1),
    "large": Kind(latents=3, size=256, remembers=False, share=0.15, steps=0.15, batch=1 / 4),
    "long": Kind(latents=8, size=128, remembers=True, share=0.3, steps=0.4, batch=3 / 8),
}
"""`small` and `large` fill the window once; only `long` clips reach beyond it, where memory shows."""


class NamedClip(NamedTuple):
    """A kind and a clip `[T, H, W, 3]` uint8 of it."""

    kind: str
    frames: Tensor


class _Clips(IterableDataset[NamedClip]):
    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __iter__(self) -> Iterator[NamedClip]:
        worker = get_worker_info()
        rng = Generator().manual_seed(self._seed * 1009 + (worker.id if worker else 0))
        while True:
            name = pick_kind(uniform(rng, 0, 1), [kind.share for kind in KINDS.values()])
            kind = KINDS[name]
            yield NamedClip(name, make_clip(rng, FRAMES * kind.latents, kind.size, lively=kind.remembers))


def pick_kind(draw: float, shares: list[float]) -> str:
    """The kind in whose part of 0..1 `draw` lies, when the parts are `shares` long."""
    for name, share in zip(KINDS, shares, strict=True):
        draw -= share
        if draw < 0:
            return name
    return next(reversed(KINDS))


def stream_clips(seed: int, device: torch.device) -> Iterator[NamedClip]:
    """Clips without end. Beside a GPU every core but two makes them; on the CPU the caller does."""
    workers = max(1, (os.cpu_count() or 1) - 2) if device.type == "cuda" else 0
    return iter(DataLoader(_Clips(seed), batch_size=None, num_workers=workers))
