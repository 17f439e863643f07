"""What the run costs this machine, and what else goes on there: CPU, memory, GPUs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import psutil  # type: ignore[import-untyped]

from livegraph import Gpu, all_gpus


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
            tuple(all_gpus()),
        )
