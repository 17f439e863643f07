"""Part `quality`: how adaptive quality holds the latency budget while other programs take the processors."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from livegraph import Change, Figure, Progress, hookimpl
from livegraph_wan.bench.case import PROMPT, Case, case_of
from livegraph_wan.bench.graph import Bench, played
from livegraph_wan.bench.options import Asked
from livegraph_wan.bench.scene import moving

if TYPE_CHECKING:
    from livegraph.runtime.run import Run

FPS, SIZE, STEPS = 60.0, (256, 256), 2
BEFORE, BUSY, AFTER = 15.0, 20.0, 40.0
"""Seconds without others, with them, and without them again."""
QUICK = 3
"""What all of these are divided by."""
ROOM = 1.5
"""The budget, as a multiple of what is needed without others."""
EACH = 2
"""Other programs per processor: a third of it is left."""
KNOBS = ("steps", "resolution")
HIGHEST = {"steps": STEPS, "resolution": 1.0}


@dataclass(eq=False)
class Crowded(Bench):
    """Notes when quality changed, and begins and ends the other programs."""

    begin_s: float = 0.0
    busy_s: float = 0.0
    levels: list[tuple[float, tuple[float, ...]]] = field(default_factory=list)
    busy: tuple[float, float] = (0.0, 0.0)
    """From when to when they ran."""

    @hookimpl
    def livegraph_run_started(self, run: Run) -> None:
        super().livegraph_run_started(run)

        def note(change: Change) -> None:
            self.levels.append((time.perf_counter(), tuple(run.bus.get(f"wan.{knob}") for knob in KNOBS)))

        run.bus.listen(note)
        if self.busy_s:
            threading.Thread(target=self._crowd, daemon=True).start()

    def _crowd(self) -> None:
        time.sleep(self.begin_s)
        began = time.perf_counter()
        others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(EACH * _processors())]
        time.sleep(self.busy_s)
        for other in others:
            other.kill()
            other.wait()
        self.busy = began, time.perf_counter()


def measure(asked: Asked, quick: bool) -> Iterator[Figure | Progress]:
    """A live graph: a moving scene at 60 frames/s, 256x256 -> wan.v2v with wan-nano in two steps -> a sink, under
    `controllers: {quality: {}}`. Its budget is one and a half times the age p95 of a run without others. Then 15 s
    alone, 20 s beside two busy programs per processor, and 40 s alone again. Age: p95 of each second.
    """
    case = case_of(Asked(backend="torch-cpu", size=SIZE, steps=STEPS))
    before, busy, after = (length / QUICK if quick else length for length in (BEFORE, BUSY, AFTER))
    yield Progress("a live graph alone")
    alone = _played(case, Crowded(moving(SIZE, 32)), before, {})
    budget_ms = ROOM * _p95([age for at, age in alone.ages if at > alone.ages[0][0] + before / 3])
    yield Progress(f"the same beside others, for {before + busy + after:.0f} s, with a budget of {budget_ms:.0f} ms")
    crowded = Crowded(moving(SIZE, 32), begin_s=before, busy_s=busy)
    budget = {"latency_budget": budget_ms / 1e3, "controllers": {"quality": {}}}
    yield from _figures(case, _played(case, crowded, before + busy + after, budget), budget_ms)


@dataclass(frozen=True)
class Seen:
    """What came of a run: `(when, age in ms)` of each picture, and what the controller says that it did."""

    bench: Crowded
    ages: Sequence[tuple[float, float]]
    steps: Sequence[str]


def _played(case: Case, bench: Crowded, seconds: float, more: dict[str, Any]) -> Seen:
    scene = {"fps": FPS, "frames": round(seconds * FPS), "live": True}
    wan = {"model": "wan-nano", "backend": "torch-cpu", "prompt": PROMPT, "steps": STEPS}
    stats = played(bench, scene, wan, more)
    ages = [(each.at, each.at * 1e3 - each.captured_ns / 1e6) for each in bench.arrivals]
    return Seen(bench, ages, stats["control"]["controllers"].get("quality", {}).get("steps", []))


def _figures(case: Case, seen: Seen, budget_ms: float) -> Iterator[Figure]:
    began, ended = seen.bench.busy
    late = [at for at in _seconds(began, ended) if _of(seen, at) > budget_ms]
    worst = max(_of(seen, at) for at in _seconds(began, ended))
    note = f"budget {budget_ms:.0f} ms, worst second {worst:.0f} ms"
    detail = {"budget_ms": budget_ms, "steps": list(seen.steps)}
    back = late[-1] + 1 - began if late else 0.0
    yield case.figure("quality", "age within the budget again, after", back, "s", bar=3, note=note, detail=detail)
    levels = [(at, _level(values)) for at, values in seen.bench.levels]
    highest = [at for at, level in levels if level == 0 and at > ended]
    down = levels and min(level for _, level in levels) < 0
    lowered = f"{len(levels)} steps, {_turns([level for _, level in levels])} turns"
    back = highest[-1] - ended if highest and levels[-1][1] == 0 else float("inf") if down else 0.0
    yield case.figure("quality", "quality back, after", back, "s", bar=30, note=lowered)
    share = sum(age <= budget_ms for at, age in seen.ages if at > began + 3) / sum(
        at > began + 3 for at, _ in seen.ages
    )
    yield case.figure("quality", "pictures within the budget, from 3 s on", 100 * share, "%", bar=95, at_most=False)
    turns = _turns([0, *(level for _, level in levels)])
    yield case.figure("quality", "turns from down to up and back", turns, "", bar=1)


def _seconds(began: float, ended: float) -> list[float]:
    return [began + second for second in range(int(ended - began))]


def _of(seen: Seen, at: float) -> float:
    """Age p95 (ms) of the pictures that came in the second from `at` on; none came: worse than any."""
    ages = [age for when, age in seen.ages if at <= when < at + 1]
    return _p95(ages) if ages else float("inf")


def _p95(ages: Sequence[float]) -> float:
    return sorted(ages)[min(int(0.95 * len(ages)), len(ages) - 1)]


def _level(values: Sequence[float]) -> float:
    """0 at the highest quality, less below."""
    return sum(value - HIGHEST[knob] for knob, value in zip(KNOBS, values, strict=True))


def _turns(levels: Sequence[float]) -> int:
    """How often the way changed."""
    ways = [after > before for before, after in pairwise(levels) if after != before]
    return sum(one != other for one, other in pairwise(ways))


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
