"""Training on a CPU as one process per core, one thread each, with averaged gradients.

Beside a GPU there is one process and no group: averages are then what they are made of.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.multiprocessing.spawn import spawn


def launch(worker: Callable[..., None], world: int, *arguments: Any) -> None:
    """Run `worker(rank, world, *arguments)` in `world` processes that form a gloo group; in this one if that is all."""
    if world == 1:
        worker(0, 1, *arguments)
        return
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29517")
    os.environ["OMP_NUM_THREADS"] = "1"
    spawn(_enter, (worker, world, arguments), nprocs=world)  # type: ignore[no-untyped-call]


def _enter(rank: int, worker: Callable[..., None], world: int, arguments: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=world)
    try:
        worker(rank, world, *arguments)
    finally:
        dist.destroy_process_group()


def average(tensors: Iterable[Tensor]) -> None:
    """Replace each tensor by its mean over the processes, in one message."""
    if not dist.is_initialized():
        return
    items = list(tensors)
    flat = torch.cat([t.flatten() for t in items])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    for item, mean in zip(items, torch.split(flat, [t.numel() for t in items]), strict=True):
        item.copy_(mean.view_as(item))


def average_gradients(parameters: Iterable[torch.nn.Parameter]) -> None:
    """Average `.grad` over the processes; parameters without one are left alone."""
    average(p.grad for p in parameters if p.grad is not None)


def agree(value: float) -> float:
    """Rank 0's `value`, in every process: so that all stop at the same step."""
    if not dist.is_initialized():
        return value
    shared = torch.tensor(value, dtype=torch.float64)
    dist.broadcast(shared, 0)
    return float(shared)
