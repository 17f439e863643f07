"""Adaptive quality on a virtual clock: a node becomes three times slower, and fast again."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from quality_support import Played, Plugin, painting, play

from livegraph import GraphError
from livegraph.graph import plan_graph
from livegraph.registry import Registry
from livegraph.testing import ScriptedPlugin

SLOW = {10.0: {"paint.slow": 3.0}, 30.0: {"paint.slow": 1.0}}


def reversals(played: Played) -> int:
    efforts = [effort for _, effort in played.efforts()]
    ways = [now > before for before, now in pairwise(efforts)]
    return sum(one != other for one, other in pairwise(ways))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("budget_ms", "params"),
    [
        (100, {"ms": 60.0}),
        (80, {"ms": 25.0, "jitter": 0.2}),
        (150, {"ms": 45.0, "jitter": 0.3}),
        (450, {"ms": 100.0, "take": 4}),
        (300, {"ms": 60.0, "take": 4, "jitter": 0.1}),
    ],
)
def test_the_budget_is_kept_again_within_3_s_and_quality_is_back_within_30(
    budget_ms: int, params: dict[str, Any], seed: int
) -> None:
    played = play(painting(f"{budget_ms}ms", **params), 70.0, SLOW, seed=seed)
    assert played.p95(5, 10) * 1e3 <= budget_ms, "before"
    assert played.p95(10.3, 10.8) * 1e3 > budget_ms, "it would be missed without"
    for second in range(13, 30):
        assert played.p95(second, second + 1) * 1e3 <= budget_ms, second
    assert played.p95(30, 70) * 1e3 <= budget_ms, "on the way back"
    assert played.shown[-1][2] == 1.0 and played.efforts()[-1][0] <= 60.0
    assert reversals(played) == 1, played.steps


def test_a_machine_that_stays_slow_is_left_at_the_rung_that_it_can_do() -> None:
    played = play(painting("100ms", ms=60.0), 300.0, {10.0: {"paint.slow": 3.0}})
    assert played.p95(13, 300) * 1e3 <= 100
    tries = [at for at, effort in played.efforts() if effort == 0.45]
    waits = [after - before for before, after in pairwise(tries)]
    assert len(tries) <= 5 and waits == sorted(waits), "after a calm more is tried, ever more seldom"


def test_a_single_hiccup_changes_nothing() -> None:
    played = play(painting("150ms", ms=25.0), 40.0, {10.0: {"paint.slow": 12.0}, 10.25: {"paint.slow": 1.0}})
    assert played.steps == []


def test_a_rung_that_builds_the_node_anew_is_the_last_resort_and_given_back_late() -> None:
    document = painting("110ms", ms=60.0, with_small=True)
    played = play(document, 100.0, {10.0: {"paint.slow": 6.0}, 40.0: {"paint.slow": 1.0}})
    assert any("small True" in step for step in played.steps)
    assert played.quality.status()["nodes"]["paint"] == {"level": 0, "of": 4, "set": {}}
    assert played.run.bus.get("paint.small") is False
    assert played.run.all_workers["paint"].life.restarts == 0, "it was rebuilt, and did not fail"


def test_a_knob_that_somebody_turns_is_what_quality_comes_back_to() -> None:
    actions = {**SLOW, 20.0: {"paint.effort": 0.8}}
    played = play(painting("100ms", ms=60.0), 70.0, actions)
    assert played.shown[-1][2] == 0.8
    assert played.run.bus.unsaved().values["paint"] == {"effort": 0.8}


def test_what_was_lent_is_given_back_where_the_ladder_ends() -> None:
    document = painting("110ms", ms=60.0, with_small=True)
    played = play(document, 30.0, {10.0: {"paint.slow": 6.0}, 20.0: {"paint.effort": 0.2}})
    assert any("small True" in step for step in played.steps)
    assert played.quality.status()["nodes"]["paint"] == {"level": 0, "of": 0, "set": {}}
    assert played.run.bus.get("paint.small") is False and played.run.bus.get("paint.effort") == 0.2


def test_a_ladder_that_raises_harms_nobody() -> None:
    document = painting("100ms", ms=25.0)
    document["nodes"]["paint"]["params"]["effort"] = 0.5
    played = play(document, 10.0, {5.0: {"paint.ms": -1.0}})
    assert played.quality.status()["nodes"]["paint"]["of"] == 0


def test_what_is_lent_is_neither_saved_nor_undone() -> None:
    seen: list[Any] = []

    def look(run: Any) -> None:
        seen.append((run.bus.get("paint.effort"), run.bus.unsaved().values))
        run.bus.undo()

    played = play(painting("100ms", ms=60.0), 24.0, {10.0: {"paint.slow": 3.0}, 20.0: look})
    effort, unsaved = seen[0]
    assert effort < 1 and unsaved == {"paint": {"slow": 3.0}}
    assert played.run.bus.get("paint.slow") == 1.0, "the hand's change was undone"


def test_frames_that_are_refused_count_where_a_share_is_to_be_kept() -> None:
    document = painting("10s", ms=25.0)
    del document["latency_budget"]
    played = play(document, 70.0, SLOW, keep=0.8)
    rate = {when: sum(1 for at, _, _ in played.shown if when <= at < when + 10) / 10 for when in (15, 60)}
    assert rate[15] >= 0.8 * 30 and rate[60] >= 29
    assert played.shown[-1][2] == 1.0 and "frames refused" in played.steps[0]


def test_only_named_nodes_do_less() -> None:
    document = painting("100ms", ms=25.0)
    document["nodes"]["more"] = {"use": "test.painter", "in": "paint", "params": {"ms": 15.0}}
    document["nodes"]["out"]["in"] = "more"
    played = play(document, 30.0, {10.0: {"paint.slow": 4.0}}, nodes=("more",))
    assert set(played.quality.status()["nodes"]) == {"more"}
    assert all("more" in step for step in played.steps)


def test_the_node_that_takes_longest_does_less_first() -> None:
    document = painting("120ms", ms=20.0)
    document["nodes"]["more"] = {"use": "test.painter", "in": "paint", "params": {"ms": 20.0}}
    document["nodes"]["out"]["in"] = "more"
    played = play(document, 70.0, {10.0: {"more.slow": 5.0}, 30.0: {"more.slow": 1.0}})
    assert played.steps[0].startswith("quality: more down")
    nodes = played.quality.status()["nodes"]
    assert nodes["more"]["level"] == nodes["paint"]["level"] == 0


def test_offline_it_is_off() -> None:
    document = painting("100ms", ms=60.0) | {"mode": "offline"}
    document["nodes"]["src"]["params"] = {"frames": 300, "live": False}
    played = play(document, None, {1.0: {"paint.slow": 3.0}})
    assert played.steps == [] and len(played.shown) == 300


def test_a_graph_with_nothing_to_hold_is_refused() -> None:
    document = painting("100ms")
    del document["latency_budget"]
    registry = Registry()
    for name, brought in (("scripted", ScriptedPlugin()), ("quality", Plugin())):
        registry.add(brought, name)
    with pytest.raises(GraphError, match=r"adaptive quality has nothing to hold: write `latency_budget: 400ms`"):
        plan_graph({**document, "controllers": {"quality": None}}, registry=registry)
    with pytest.raises(GraphError, match=r"quality: no node 'pant'\. There are src, paint, out"):
        plan_graph({**painting(), "controllers": {"quality": {"nodes": ["pant"]}}}, registry=registry)


def test_it_is_a_controller_of_every_livegraph() -> None:
    document = painting("100ms")
    document["nodes"]["paint"]["use"] = "core.delay"
    document["nodes"]["paint"]["params"] = {"frames": 1}
    document["nodes"]["src"] = {"use": "test.source"}
    registry = Registry()
    registry.add(ScriptedPlugin(), "scripted")
    plan = plan_graph({**document, "controllers": {"quality": {"keep": 0.5}}}, registry=registry)
    assert [controller.name for controller in plan.controllers] == ["quality"]
