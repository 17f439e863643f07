"""Percentiles of a stream of durations in constant memory."""

from __future__ import annotations

import math

_BASE = math.log(1.02)
_LOWEST_NS = 1_000.0
_BUCKETS = 1024


class Histogram:
    """Counts durations in buckets 2 % apart, from 1 us to 10 minutes: a percentile is right within 1 %."""

    __slots__ = ("_counts", "count", "total_ns")

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self.count = 0
        self.total_ns = 0

    def add(self, duration_ns: int) -> None:
        index = int(math.log(duration_ns / _LOWEST_NS) / _BASE) if duration_ns > _LOWEST_NS else 0
        self._counts[index if index < _BUCKETS else _BUCKETS - 1] += 1
        self.count += 1
        self.total_ns += duration_ns

    def percentile(self, share: float) -> float:
        """The duration (ns) that `share` (0..1) of all stay below; 0 when there are none."""
        wanted = share * self.count
        seen = 0
        for index, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return float(_LOWEST_NS * math.exp((index + 0.5) * _BASE))
        return 0.0

    def copy(self) -> Histogram:
        return self.since(Histogram())

    def since(self, earlier: Histogram) -> Histogram:
        """What was added after `earlier`, a copy of this one, was made."""
        fresh = Histogram()
        fresh._counts = [now - then for now, then in zip(self._counts, earlier._counts, strict=True)]
        fresh.count = self.count - earlier.count
        fresh.total_ns = self.total_ns - earlier.total_ns
        return fresh

    def summary_ms(self) -> dict[str, float]:
        return {f"p{share}": round(self.percentile(share / 100) / 1e6, 3) for share in (50, 95, 99)}
