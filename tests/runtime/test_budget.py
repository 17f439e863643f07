"""The latency budget at run time: missed, told, and kept again."""

from __future__ import annotations

from typing import Any

from runtime_support import graph, play

from livegraph.observe.histogram import Histogram
from livegraph.runtime.budget import CALM, LEAST, Budget
from livegraph.runtime.run import Run

MS = 1_000_000


def budgeted(service_ms: float = 10.0) -> dict[str, Any]:
    nodes = {
        "src": {"use": "test.source"},
        "n": {"use": "test.slow", "in": "src", "params": {"service_ms": service_ms}},
        "out": {"use": "test.collect", "in": "n"},
    }
    return graph(nodes, latency_budget="150ms")


def test_a_run_is_degraded_while_the_budget_is_missed_and_no_longer() -> None:
    seen: dict[float, str] = {}

    def look(run: Run) -> None:
        seen[round(run.host.run_time_ns / 1e9)] = run.health

    changes: dict[float, Any] = {when: look for when in (9.0, 25.0, 60.0)}
    changes |= {
        10.0: lambda run: run.bus.set({"n.service_ms": 250.0}),
        26.0: lambda run: run.bus.set({"n.service_ms": 10.0}),
    }
    _, outcome, _ = play(budgeted(), 61.0, changes)
    assert seen == {9: "running", 25: "degraded", 60: "running"}
    notes = outcome.stats["notes"]
    assert [note for note in notes if "out" in note] == [
        "node out: age is over the latency budget of 150 ms on this machine",
        "out: within the latency budget again",
    ]
    assert outcome.ok


def test_a_node_that_works_again_does_not_hide_that_the_budget_is_missed() -> None:
    document = budgeted(250.0)
    document["nodes"]["other"] = {"use": "test.slow", "in": "src", "params": {"fail": 0.002}}
    seen: list[str] = []
    play(document, 40.0, {38.0: lambda run: seen.append(run.health)})
    assert seen == ["degraded"]


def shown(ages: Histogram, ms: float, frames: int = LEAST) -> Histogram:
    for _ in range(frames):
        ages.add(round(ms * MS))
    return ages


def test_a_few_frames_are_no_judgement() -> None:
    budget, ages = Budget(100 * MS), Histogram()
    assert not budget.look(shown(ages, 500, LEAST - 1))
    assert budget.look(shown(ages, 500, 1))
    assert budget.missed


def test_a_budget_is_kept_again_after_some_judgements_in_a_row() -> None:
    budget, ages = Budget(100 * MS), Histogram()
    changes = [budget.look(shown(ages, ms)) for ms in (50, 500, *[50] * (CALM - 1), 500, *[50] * CALM, 50)]
    assert changes == [False, True, *[False] * (CALM - 1), False, *[False] * (CALM - 1), True, False]
    assert not budget.missed


def test_a_twentieth_of_the_frames_may_be_late() -> None:
    budget, ages = Budget(100 * MS), Histogram()
    assert not budget.look(shown(shown(ages, 50, 95), 500, 4))
    assert budget.look(shown(shown(ages, 50, 90), 500, 10))
