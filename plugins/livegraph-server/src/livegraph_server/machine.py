"""What the run costs this machine, and what else goes on there: CPU, memory, GPUs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import psutil  # type: ignore[import-untyped]
import pynvml  # type: ignore[import-untyped]


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU, by NVIDIA's own figures: all programs together."""

    index: int
    name: str
    percent: float
    memory_used: int
    memory_total: int


@dataclass(frozen=True, slots=True)
class Machine:
    """Memory in bytes. `process_percent`: 100 is one core; `cpu_percent`: 100 is all of them."""

    process_percent: float = 0.0
    process_memory: int = 0
    cpu_percent: float = 0.0
    memory_used: int = 0
    memory_total: int = 0
    gpus: tuple[Gpu, ...] = ()

    def document(self) -> dict[str, Any]:
        return asdict(self)


class MachineMeter:
    """Reads the figures; percentages are since the last reading. One thread at a time."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._gpus = _handles()
        self._process.cpu_percent()
        psutil.cpu_percent()

    def read(self) -> Machine:
        memory = psutil.virtual_memory()
        return Machine(
            self._process.cpu_percent(),
            self._process.memory_info().rss,
            psutil.cpu_percent(),
            memory.total - memory.available,
            memory.total,
            tuple(gpu for index, handle in enumerate(self._gpus) if (gpu := _read(index, handle)) is not None),
        )


def _handles() -> list[Any]:
    """None where there is no NVIDIA driver."""
    try:
        pynvml.nvmlInit()
        return [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []


def _read(index: int, handle: Any) -> Gpu | None:
    """None while it does not answer (it was taken out, or its driver is renewed) or does not tell (MIG)."""
    try:
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        busy = pynvml.nvmlDeviceGetUtilizationRates(handle).gpu
        return Gpu(index, str(pynvml.nvmlDeviceGetName(handle)), float(busy), int(memory.used), int(memory.total))
    except pynvml.NVMLError:
        return None
