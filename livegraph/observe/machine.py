"""What the run costs this machine."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


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
