"""What a worker counts of itself."""

from __future__ import annotations

import time
from collections import Counter

from livegraph.observe.histogram import Histogram


class Meter:
    """Counters of one node, and what the gate's looks read of it since the last look."""

    __slots__ = (
        "_busy_ns",
        "_calls",
        "age",
        "dropped",
        "errors",
        "first_at",
        "frames_in",
        "frames_out",
        "gaps",
        "idle_ns",
        "mean_ns",
        "process",
        "taken",
    )

    def __init__(self) -> None:
        self.frames_in = 0
        self.frames_out = 0
        self.taken = 0
        """Calls of a sink that had a frame at its first port: of a film, the pictures, not the sound beside them."""
        self.gaps = 0
        self.errors = 0
        self.dropped: Counter[str] = Counter()
        self.process = Histogram()
        self.age = Histogram()
        self.mean_ns = 0.0
        self.first_at: float | None = None
        """Unix time at which the first call had returned."""
        self.idle_ns = 0
        self._busy_ns = 0
        self._calls = 0

    def called(self, service_ns: int) -> None:
        self.process.add(service_ns)
        self._busy_ns += service_ns
        self._calls += 1
        if self.first_at is None:
            self.first_at = time.time()
        if self.mean_ns == 0.0:
            self.mean_ns = float(service_ns)

    def lose(self, cause: str, frames: int) -> None:
        """So many were dropped."""
        if frames:
            self.dropped[cause] += frames

    def begin_anew(self) -> None:
        """It works otherwise from now on: what was measured before says nothing of it."""
        self.mean_ns = 0.0
        self._busy_ns = self._calls = self.idle_ns = 0

    def look(self) -> tuple[float, int]:
        """Mean service time (ns per call) over the last few looks, and idle ns since the last one."""
        if self._calls:
            fresh = self._busy_ns / self._calls
            self.mean_ns += 0.5 * (fresh - self.mean_ns)
            self._busy_ns = self._calls = 0
        idle, self.idle_ns = self.idle_ns, 0
        return self.mean_ns, idle
