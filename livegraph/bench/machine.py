"""What a figure was measured on."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """`load`: the mean number of processes that wanted a core over the last minute, when the bench began; -1 where the
    system does not tell.
    """

    cpu: str
    cores: int
    load: float
    python: str
    system: str

    def __str__(self) -> str:
        load = f"load {self.load:.2f} at the start" if self.load >= 0 else "load unknown"
        return f"{self.cpu}, {self.cores} cores, {load}; Python {self.python}, {self.system}"


def this_machine() -> Machine:
    return Machine(_cpu(), _cores(), _load(), platform.python_version(), f"{platform.system()} {platform.machine()}")


def _cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _load() -> float:
    try:
        return round(os.getloadavg()[0], 2)
    except (OSError, AttributeError):
        return -1.0


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
