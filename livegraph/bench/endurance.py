"""Whether anything grows, or is lost, over many frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from livegraph.bench.bed import bed, chain
from livegraph.bench.figure import Figure
from livegraph.bench.nodes import Tick
from livegraph.observe.machine import rss_mb

FRAMES = 100_000
SETTLED_IN = 0.02
STEPS = {"loop": {"use": "bench.pass"}, "thread": {"use": "bench.passthread"}}


def measure(quick: bool) -> Iterator[Figure]:
    """100,000 frames, offline, through a node on the loop, one on a thread and a sink, with the trace on. Growth is the
    resident memory at the last frame less that at frame 2000, when all is loaded and every buffer has been full once.
    """
    frames = FRAMES // 20 if quick else FRAMES
    resident: dict[int, float] = {}
    first, last = round(SETTLED_IN * frames), frames - 1

    class Weighed(Tick):
        """Looks at the memory twice."""

        def payload(self, number: int) -> int:
            if number in (first, last):
                resident[number] = rss_mb()
            return number

    with TemporaryDirectory() as folder:
        source = {"period_ms": 0, "live": False, "frames": frames}
        ready = bed(chain(STEPS, source, "count"), Path(folder) / "trace.json", tick=Weighed)
        stats = ready.execute().stats
    grown = resident[last] - resident[first]
    tickets = stats["tickets"]
    rate = f"{frames / stats['duration_s']:,.0f} frames/s"
    yield Figure(f"memory growth over {frames:,} frames", grown, "MB", 5, note=f"{resident[last]:.0f} MB; {rate}")
    missing = abs(frames - tickets["issued"]) + abs(tickets["issued"] - tickets["settled"])
    yield Figure(f"tickets not settled of {frames:,}", missing, "", 0)
