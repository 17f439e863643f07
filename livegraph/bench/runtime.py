"""The bench `runtime`: what the scheduler costs, and how fresh it keeps live video."""

from __future__ import annotations

from collections.abc import Iterator

from livegraph.bench import copies, endurance, hops, live, startup, wakeup
from livegraph.bench.figure import Figure


def measure(quick: bool) -> Iterator[Figure]:
    """Everything, one part after the other: nothing runs beside a part but what that part starts."""
    for part in (copies, hops, wakeup, endurance, live, startup):
        yield from part.measure(quick)
