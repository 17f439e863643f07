"""How late the event loop wakes beside a node that holds the interpreter's lock."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterator

from livegraph.bench.bed import bed, checked
from livegraph.bench.figure import Figure

GRAPH = {
    "timer": {"use": "bench.timer", "params": {"every_ms": 5.0}},
    "busy": {"use": "bench.spin", "in": "timer", "params": {"busy_ms": 40.0}},
    "sink": {"use": "bench.count", "in": "busy"},
}


def measure(quick: bool) -> Iterator[Figure]:
    """A live graph whose thread node computes in pure Python without a pause, 40 ms at a time; its source sleeps on the
    loop for 5 ms again and again. The figure is the median of how much longer that takes. The note has the same with
    Python's own switch interval of 5 ms, which `Run.execute` shortens; the two take turns.
    """
    seconds, rounds = (1.0, 1) if quick else (4.0, 3)
    pairs = [(_late_ms(seconds, ours=True), _late_ms(seconds, ours=False)) for _ in range(rounds)]
    ours, plain = (statistics.median(side) for side in zip(*pairs, strict=True))
    note = f"{plain:.2f} ms with Python's own switch interval"
    yield Figure("loop wake-up beside a pure-Python thread, p50", ours, "ms", 1, note=note)


def _late_ms(seconds: float, *, ours: bool) -> float:
    made = bed(GRAPH)
    if ours:
        made.execute(seconds)
    else:
        checked(asyncio.run(made.run.main(seconds)))
    return statistics.median(made.log.late_s) * 1e3
