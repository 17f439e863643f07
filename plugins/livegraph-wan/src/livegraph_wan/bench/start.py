"""Part `start`: how long it takes from the command to the first picture."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from livegraph import Figure, InputError, Progress
from livegraph_wan.bench.case import case_of
from livegraph_wan.bench.live import refuse_without
from livegraph_wan.bench.options import Asked

RUNS, QUICK = 5, 1
BAR = 6.0


def measure(asked: Asked, quick: bool) -> Iterator[Figure | Progress]:
    """`livegraph run cam2wan` with wan-nano on the CPU, in a new process: from starting it until the
    recording has taken the first repainted picture (`first_at` in its statistics). The median of five, after one that
    warms the disk's cache.
    """
    refuse_without()
    found = []
    for number in range(1 + (QUICK if quick else RUNS)):
        yield Progress("starting cam2wan")
        seconds = first_picture()
        if number:
            found.append(seconds)
    note = f"{min(found):.2f} to {max(found):.2f} s"
    case = case_of(Asked(backend="torch-cpu"))
    yield case.figure("start", "cold start to the first picture", statistics.median(found), "s", bar=BAR, note=note)


def first_picture() -> float:
    """Seconds from the command to the first picture."""
    with tempfile.TemporaryDirectory() as folder:
        stats = Path(folder) / "stats.json"
        settings = ["--set", "wan.model=wan-nano", "--set", f"record.path={Path(folder) / 'film.mp4'}"]
        command = ["run", "cam2wan", "--cpu", "--quiet", "--duration", "1s", "--stats", str(stats), *settings]
        began = time.time()
        ended = subprocess.run([sys.executable, "-m", "livegraph", *command], capture_output=True, text=True)
        if ended.returncode:
            raise InputError(f"the graph failed: {ended.stderr.strip()[-400:]}")
        at = json.loads(stats.read_text(encoding="utf-8"))["sinks"]["record"]["first_at"]
        if at is None:
            raise InputError("no picture came within a second of running")
        return float(at) - began
