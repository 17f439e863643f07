"""How long the command takes to answer."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from livegraph.bench.figure import Figure

COMMANDS = (("livegraph --help", ["--help"], 0.4), ("livegraph nodes", ["nodes"], 0.6))


def measure(quick: bool) -> Iterator[Figure]:
    """Seconds from starting the process to its end, output to a pipe: the median of five, after one that warms the
    disk cache. The commands take turns.
    """
    times: dict[str, list[float]] = {name: [] for name, *_ in COMMANDS}
    for _ in range(2 if quick else 6):
        for name, arguments, _ in COMMANDS:
            times[name].append(_seconds(arguments))
    for name, _, bar in COMMANDS:
        yield Figure(name, statistics.median(times[name][1:]), "s", bar)


def _seconds(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "livegraph", *arguments], check=True, capture_output=True)
    return time.perf_counter() - began
