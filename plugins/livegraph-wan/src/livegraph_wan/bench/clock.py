"""Timing on a device that computes beside Python."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np


class Device(Protocol):
    """Where a backend computes, as far as measuring goes."""

    def wait(self) -> None:
        """Until everything that was asked for is computed."""

    def begin_peak(self) -> None:
        """Forget how much memory was in use at most."""

    def peak(self) -> int | None:
        """Bytes in use at most since then; None where only a whole process can be asked."""


class Cpu:
    """Nothing runs on: a call that has returned is done."""

    def wait(self) -> None: ...

    def begin_peak(self) -> None: ...

    def peak(self) -> int | None:
        return None


class Cuda:
    """An NVIDIA or AMD GPU, the present one."""

    def wait(self) -> None:
        import torch

        torch.cuda.synchronize()

    def begin_peak(self) -> None:
        import torch

        torch.cuda.reset_peak_memory_stats()

    def peak(self) -> int | None:
        import torch

        return torch.cuda.max_memory_allocated()


class Mps(Cpu):
    """An Apple GPU through torch, which does not tell how much was in use at most."""

    def wait(self) -> None:
        import torch

        torch.mps.synchronize()


class Mlx:
    """MLX's default device."""

    def wait(self) -> None:
        import mlx.core as mx

        mx.synchronize()

    def begin_peak(self) -> None:
        import mlx.core as mx

        mx.reset_peak_memory()

    def peak(self) -> int | None:
        import mlx.core as mx

        return mx.get_peak_memory()


DEVICES: dict[str, type[Device]] = {"mlx": Mlx, "torch-cuda": Cuda, "torch-mps": Mps, "torch-cpu": Cpu}
"""By backend."""


class Times(NamedTuple):
    """Seconds."""

    best: float
    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Times:
        p50, p95 = np.percentile(seconds, (50, 95))
        return cls(min(seconds), float(p50), float(p95))

    @property
    def detail(self) -> dict[str, float]:
        """For programs, in ms."""
        return {"best_ms": 1e3 * self.best, "p50_ms": 1e3 * self.p50, "p95_ms": 1e3 * self.p95}


def timed(work: Callable[[], object], device: Device) -> float:
    """Seconds until it is computed."""
    device.wait()
    began = time.perf_counter()
    work()
    device.wait()
    return time.perf_counter() - began


def repeated(work: Callable[[], object], device: Device, seconds: float, at_least: int = 5) -> Times:
    """Times of one call, from calls for about so long, after one that warms up. Calls too short for a clock are taken
    several at a time.
    """
    work()
    several = max(1, round(2e-3 / max(timed(work, device), 1e-7)))

    def batch() -> None:
        for _ in range(several):
            work()

    found: list[float] = []
    end = time.perf_counter() + seconds
    while len(found) < at_least or time.perf_counter() < end:
        found.append(timed(batch, device) / several)
    return Times.of(found)
