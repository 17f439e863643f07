"""Whether pictures are copied between nodes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from livegraph.bench.bed import bed
from livegraph.bench.figure import Figure
from livegraph.bench.nodes import Tick
from livegraph.types import Image

GRAPH = {
    "source": {"use": "bench.tick", "params": {"period_ms": 0, "live": False}},
    "loop": {"use": "bench.pass", "in": "source"},
    "thread": {"use": "bench.passthread", "in": "loop"},
    "joined": {"use": "bench.pair", "in": {"video": "thread", "other": "source"}},
    "left": {"use": "bench.end", "in": "joined"},
    "right": {"use": "bench.end", "in": "thread"},
}


def measure(quick: bool) -> Iterator[Figure]:
    """Arrays go through a node on the loop, one on a thread, a fork and a join to two sinks. The figure counts arrivals
    whose payload is not the very object that the source made.
    """
    frames = 20 if quick else 200
    made: list[Image] = []

    class Arrays(Tick):
        """Keeps what it makes."""

        def payload(self, number: int) -> Image:
            made.append(np.full((64, 64, 3), number % 256, np.uint8))
            return made[-1]

    graph = {**GRAPH, "source": {"use": "bench.tick", "params": {"period_ms": 0, "live": False, "frames": frames}}}
    ready = bed(graph, tick=Arrays)
    ready.execute()
    arrived = [frame for sink in ready.log.arrived.values() for frame, _ in sink]
    same = sum(frame.data is made[frame.seq] for frame in arrived)
    yield Figure("payload copies between nodes", 2 * frames - same, "", 0, note=f"{2 * frames} arrivals")
