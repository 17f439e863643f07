"""What the run costs this machine."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from livegraph.gpus import all_gpus

GPUS_EVERY_S = 1.0


def rss_mb() -> float:
    """Resident memory of this process, MiB (where the system tells only the peak: the peak)."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
    import resource  # there is none on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


class CpuMeter:
    """CPU use of this process since the last reading; 100 is one core."""

    def __init__(self) -> None:
        self._first = self._last = self._now()

    def percent(self) -> float:
        now = self._now()
        before, self._last = self._last, now
        return self._share(before, now)

    def overall(self) -> float:
        """Since the beginning."""
        return self._share(self._first, self._now())

    def _now(self) -> tuple[float, float]:
        return time.monotonic(), time.process_time()

    def _share(self, before: tuple[float, float], now: tuple[float, float]) -> float:
        return round(100 * (now[1] - before[1]) / max(now[0] - before[0], 1e-6), 1)


class GpuMeter:
    """The graphics cards as they were a moment ago. A driver may take its time to answer, so it is asked on a thread of
    its own, once a second at most; where there is none, once.
    """

    def __init__(self) -> None:
        self._last: list[dict[str, Any]] = []
        self._due_at = 0.0
        self._asking: threading.Thread | None = None
        self.latest()

    def latest(self) -> list[dict[str, Any]]:
        """What the last answer was; sees to the next one."""
        idle = self._asking is None or not self._asking.is_alive()
        if idle and time.monotonic() >= self._due_at:
            self._asking = threading.Thread(target=self._ask, name="gpus", daemon=True)
            self._asking.start()
        return self._last

    def _ask(self) -> None:
        self._last = [
            {
                "index": gpu.index,
                "name": gpu.name,
                "busy_percent": gpu.busy_percent,
                "memory_used_mb": round(gpu.memory_used / (1 << 20), 1),
                "memory_total_mb": round(gpu.memory_total / (1 << 20), 1),
            }
            for gpu in all_gpus()
        ]
        self._due_at = time.monotonic() + GPUS_EVERY_S if self._last else float("inf")
