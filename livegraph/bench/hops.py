"""What a node costs that does nothing: the way from source to sink with nodes in between, less the way without."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from livegraph.bench.bed import bed, chain
from livegraph.bench.figure import Figure

NODES = 10
ROUNDS = 5
CHAINS: Mapping[str, Sequence[str]] = {
    "none": (),
    "loop": ("pass",) * NODES,
    "thread": ("passthread",) * NODES,
    "mixed": ("pass", "passthread") * (NODES // 2),
}


def measure(quick: bool) -> Iterator[Figure]:
    """A live source gives a frame each 5 ms, 400 in a run; the way is from `captured_ns` to the sink's call, and a run
    counts with its median. With the trace on, chains of no node, ten on the loop, ten threads, and five of each in turn
    are run one after the other, five times over; a round's figures are that round's differences to no node, divided by
    ten for a hop. The median over the rounds counts.
    """
    rounds = [_round(80 if quick else 400) for _ in range(2 if quick else ROUNDS)]
    extra = {kind: statistics.median(one[kind] - one["none"] for one in rounds) for kind in CHAINS}
    base = f"source to sink without: {statistics.median(one['none'] for one in rounds):.0f} us"
    yield Figure("hop through an async node, p50", extra["loop"] / NODES, "us", 25, note=base)
    yield Figure("hop through a thread node, p50", extra["thread"] / NODES, "us", 75)
    yield Figure("ten mixed nodes, per frame", extra["mixed"] / 1e3, "ms", 0.6)


def _round(frames: int) -> dict[str, float]:
    with TemporaryDirectory() as folder:
        return {kind: way_us(nodes, frames, Path(folder) / "trace.json") for kind, nodes in CHAINS.items()}


def way_us(kinds: Sequence[str], frames: int, trace: Path) -> float:
    """The median way of a frame through these nodes, microseconds."""
    steps = {f"n{number}": {"use": f"bench.{kind}"} for number, kind in enumerate(kinds)}
    made = bed(chain(steps, {"frames": frames, "period_ms": 5}), trace)
    made.execute()
    return statistics.median(when - frame.captured_ns for frame, when in made.log.arrived["sink"]) / 1e3
