"""Live on real time: does the graph go as fast as its slowest node, with fresh frames, and no work wasted?"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from livegraph.bench.bed import Bed, checked
from livegraph.bench.figure import Figure
from livegraph.bench.scenarios import SCENARIOS, Scenario
from livegraph.frame import Frame

SECONDS = 14.0
SETTLING_S = 4.0
"""Left out at the beginning: service times are measured, and credits set, during the first seconds."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one run showed; see `measure`."""

    rate: float
    fps: float
    age_p95_ms: float
    wasted: float
    consecutive: float


def measure(quick: bool) -> Iterator[Figure]:
    """Each scenario runs for 14 s of real time, of which the first 4 s do not count; its nodes sleep for their service
    time: once on the event loop, all scenarios together, then once more on threads of their own. The worse of both is
    the figure; the note has both.

    Rate: frames a second at the sink, as a share of what the slowest node could do: 1 / its mean time per frame as the
    run measured it, and at most the source's own rate (over 100 % where the show runs faster to win latency back).
    Age p95: from capture to presentation. Wasted: calls of nodes before the slowest one whose frame did not reach the
    sink, as a share of their calls. Consecutive: chunks without a missing source frame inside, as a share of all.
    """
    seconds, settling = (4.0, 1.5) if quick else (SECONDS, SETTLING_S)
    loop = _run_all(False, seconds, settling)
    threads = _run_all(True, seconds, settling)
    for scenario, *both in zip(SCENARIOS, loop, threads, strict=True):
        yield from _figures(scenario, both)


def _figures(scenario: Scenario, both: Sequence[Seen]) -> Iterator[Figure]:
    def figure(what: str, values: list[float], unit: str, bar: float, at_most: bool, note: str = "") -> Figure:
        worse = max(values) if at_most else min(values)
        beside = f"loop {values[0]:.1f}, threads {values[1]:.1f}{note}"
        return Figure(f"{scenario.name}: {what}", worse, unit, bar, at_most, beside)

    fps = f"; {min(seen.fps for seen in both):.2f} frames/s"
    yield figure("rate", [100 * seen.rate for seen in both], "%", 100 * scenario.rate, False, fps)
    yield figure("age p95", [seen.age_p95_ms for seen in both], "ms", scenario.age_ms, True)
    if scenario.wasted is not None:
        yield figure("wasted", [100 * seen.wasted for seen in both], "%", 100 * scenario.wasted, True)
    if scenario.consecutive is not None:
        yield figure(
            "consecutive chunks", [100 * seen.consecutive for seen in both], "%", 100 * scenario.consecutive, False
        )


def _run_all(threads: bool, seconds: float, settling: float) -> list[Seen]:
    beds = [scenario.bed(threads) for scenario in SCENARIOS]
    switch = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)  # as `Run.execute` has it
    try:
        asyncio.run(_together(beds, seconds))
    finally:
        sys.setswitchinterval(switch)
    return [seen(scenario, made, settling) for scenario, made in zip(SCENARIOS, beds, strict=True)]


async def _together(beds: Sequence[Bed], seconds: float) -> None:
    for outcome in await asyncio.gather(*(made.run.main(seconds) for made in beds)):
        checked(outcome)


def seen(scenario: Scenario, made: Bed, settling_s: float) -> Seen:
    """Read the figures off the log of a run that has ended."""
    begin = made.run.host.epoch_ns + round(settling_s * 1e9)
    shown = [(frame, when) for frame, when in made.log.arrived["sink"] if when >= begin]
    if len(shown) < 2:
        return Seen(0.0, 0.0, float("inf"), 1.0, 0.0)
    fps = (len(shown) - 1) * 1e9 / (shown[-1][1] - shown[0][1])
    slowest = made.run.workers[scenario.slowest]
    mean_ns = slowest.meter.process.total_ns / slowest.meter.process.count
    possible = min(1e9 * slowest.cadence.take / mean_ns, scenario.fps)
    ages = sorted(when - frame.captured_ns for frame, when in shown)
    span = shown[0][0].seq, shown[-1][0].seq
    return Seen(
        fps / possible,
        fps,
        ages[int(0.95 * (len(ages) - 1))] / 1e6,
        _wasted([made.log.calls[name] for name in scenario.before], {frame.seq for frame, _ in shown}, span),
        _consecutive(made.log.calls[scenario.slowest], span),
    )


def _wasted(calls: Sequence[Sequence[tuple[Frame, ...]]], reached: set[int], span: tuple[int, int]) -> float:
    """`span`: the first and the last frame that count, both of which reached the sink."""
    worked = [frame.seq for node in calls for call in node for frame in call if span[0] <= frame.seq <= span[1]]
    return sum(seq not in reached for seq in worked) / len(worked) if worked else 0.0


def _consecutive(calls: Sequence[tuple[Frame, ...]], span: tuple[int, int]) -> float:
    chunks = [[frame.seq for frame in call] for call in calls if span[0] <= call[0].seq <= span[1]]
    return sum(chunk[-1] - chunk[0] == len(chunk) - 1 for chunk in chunks) / len(chunks) if chunks else 0.0
