"""Part `quality`: how adaptive quality holds the latency budget while the model takes three times as long."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

from livegraph import Change, Figure, Frame, NodeSpec, Progress, hookimpl
from livegraph_wan.bench.case import PROMPT, Case, case_of
from livegraph_wan.bench.graph import Bench, played
from livegraph_wan.bench.options import Asked
from livegraph_wan.bench.scene import moving
from livegraph_wan.nodes.v2v import WanV2V

if TYPE_CHECKING:
    from livegraph.runtime.run import Run

FPS, SIZE, STEPS = 60.0, (256, 256), 2
BEFORE, SLOW, AFTER = 15.0, 20.0, 40.0
"""Seconds at its own pace, slowed, and at its own pace again."""
QUICK = 3
"""What all of these are divided by."""
TIMES = 3.0
LOOKED_AT = 3
"""Seconds: in one alone a single slow chunk is more than a twentieth of the pictures."""
ROOM = 1.5
"""The budget, as a multiple of the age without all that."""
KNOBS = ("steps", "resolution")
WANTED = (STEPS, 1.0)


@dataclass(eq=False)
class Slowed(Bench):
    """Slows wan.v2v for a while, and notes when quality was changed. `slow`: from when to when, after the start."""

    slow: tuple[float, float] = (inf, inf)
    began: float = inf
    """When the gates opened (`time.perf_counter`)."""
    levels: list[tuple[float, float]] = field(default_factory=list)
    """When quality changed, and to what: 0 as wanted, less below."""

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        mine = type("Slow", (SlowV2V,), {"bench": self, "__doc__": SlowV2V.__doc__})
        return [*super().livegraph_nodes(), NodeSpec("wanbench.slow", mine)]

    @hookimpl
    def livegraph_run_started(self, run: Run) -> None:
        super().livegraph_run_started(run)
        self.began = time.perf_counter()

        def note(change: Change) -> None:
            values = [run.bus.get(f"wan.{knob}") for knob in KNOBS]
            level = sum(value - wanted for value, wanted in zip(values, WANTED, strict=True))
            self.levels.append((time.perf_counter() - self.began, level))

        run.bus.listen(note)

    def is_slow(self) -> bool:
        return self.slow[0] <= time.perf_counter() - self.began < self.slow[1]


class SlowV2V(WanV2V):
    """wan.v2v on a machine that is at times three times as slow."""

    bench: ClassVar[Slowed]

    def process(self, video: Sequence[Frame]) -> list[Any]:
        began = time.perf_counter()
        painted = super().process(video)
        if self.bench.is_slow():
            time.sleep((TIMES - 1) * (time.perf_counter() - began))
        return painted


def measure(asked: Asked, quick: bool) -> Iterator[Figure | Progress]:
    """A live graph: a moving scene at 60 frames/s, 256x256 -> wan.v2v with wan-nano in two steps -> a sink, under
    `controllers: {quality: {}}`. Its budget is one and a half times the age p95 of a run without. 15 s at its own pace,
    20 s in which each chunk takes three times as long as it takes, and 40 s as before. The age is within the budget
    again from the second on after which the p95 of any three seconds is, to the end of the slow time.
    """
    case = case_of(Asked(backend="torch-cpu", size=SIZE, steps=STEPS))
    before, slow, after = (length / QUICK if quick else length for length in (BEFORE, SLOW, AFTER))
    yield Progress("a live graph without adaptive quality")
    plain = _played(case, Slowed(moving(SIZE, 32)), before, {})
    budget_ms = ROOM * _p95([age for at, age in plain.ages if at > before / 3])
    yield Progress(f"the same with it, for {before + slow + after:.0f} s, with a budget of {budget_ms:.0f} ms")
    bench = Slowed(moving(SIZE, 32), slow=(before, before + slow))
    budget = {"latency_budget": budget_ms / 1e3, "controllers": {"quality": {}}}
    yield from _figures(case, _played(case, bench, before + slow + after, budget), budget_ms)


@dataclass(frozen=True)
class Seen:
    """What came of a run: `(when, age in ms)` of each picture, and what the controller says that it did."""

    bench: Slowed
    ages: Sequence[tuple[float, float]]
    steps: Sequence[str]

    def age(self, begin: float, end: float) -> float:
        """p95 (ms) of the pictures that came between two moments; where none came, worse than any."""
        ages = [age for at, age in self.ages if begin <= at < end]
        return _p95(ages) if ages else inf


def _played(case: Case, bench: Slowed, seconds: float, more: dict[str, Any]) -> Seen:
    scene = {"fps": FPS, "frames": round(seconds * FPS), "live": True}
    wan = {"model": case.profile.name, "backend": case.backend, "prompt": PROMPT, "steps": STEPS}
    stats = played(bench, scene, wan, more, node="wanbench.slow")
    ages = [(each.at - bench.began, each.at * 1e3 - each.captured_ns / 1e6) for each in bench.arrivals]
    return Seen(bench, ages, stats["control"]["controllers"].get("quality", {}).get("steps", []))


def _figures(case: Case, seen: Seen, budget_ms: float) -> Iterator[Figure]:
    began, ended = seen.bench.slow
    seconds = range(int(ended - began))
    ages = [seen.age(began + second, began + second + 1) for second in seconds]
    windows = range(int(ended - began) - LOOKED_AT + 1)
    late = [second for second in windows if seen.age(began + second, began + second + LOOKED_AT) > budget_ms]
    back = 0 if not late else inf if late[-1] == windows[-1] else late[-1] + 1
    detail = {"budget_ms": budget_ms, "steps": list(seen.steps), "age_p95_ms": [age for age in ages if age < inf]}
    note = f"budget {budget_ms:.0f} ms; age p95 by seconds, in ms: {', '.join(f'{age:.0f}' for age in ages)}"
    yield case.figure("quality", "age p95 within the budget again, after", back, "s", bar=3, note=note, detail=detail)
    levels = seen.bench.levels
    restored = inf if levels and levels[-1][1] < 0 else max((levels[-1][0] if levels else 0.0) - ended, 0.0)
    yield case.figure("quality", "quality back, after", restored, "s", bar=30, note=f"{len(levels)} steps")
    turns = _turns([0.0, *(level for _, level in levels)])
    yield case.figure("quality", "turns from down to up and back", turns, "", bar=1)


def _p95(ages: Sequence[float]) -> float:
    return sorted(ages)[min(int(0.95 * len(ages)), len(ages) - 1)]


def _turns(levels: Sequence[float]) -> int:
    """How often the way changed."""
    ways = [after > before for before, after in pairwise(levels) if after != before]
    return sum(one != other for one, other in pairwise(ways))
