"""Chunk nodes behind other nodes: what a chunk holds, and that it fills."""

from __future__ import annotations

from typing import Any

import pytest
from runtime_support import graph, play

from livegraph.testing import Call


def chunks(before: dict[str, Any], last: dict[str, Any], fps: float = 24.0) -> tuple[list[Call], dict[str, Any]]:
    """The calls of the second of two nodes in eight seconds, and the run's statistics."""
    nodes = {
        "src": {"use": "test.source", "params": {"fps": fps}},
        "a": {"use": "test.slow", "in": "src", "params": before},
        "b": {"use": "test.slow", "in": "a", "params": last},
        "out": {"use": "test.collect", "in": "b"},
    }
    _, outcome, scripted = play(graph(nodes), 8.0, {})
    assert outcome.ok
    return scripted.diaries["b"].calls, outcome.stats


def spans(calls: list[Call]) -> list[int]:
    """In frames of the source, the first not counted."""
    return [call.frames[-1].seq - call.frames[0].seq for call in calls]


@pytest.mark.parametrize("service_ms", [100, 300])
def test_a_chunk_of_fewer_frames_than_the_gates_bursts_holds_none_from_long_before(service_ms: float) -> None:
    """Bursts are of four: of each, one frame is left over by chunks of three."""
    calls, stats = chunks({"take": 4, "service_ms": service_ms}, {"take": 3, "service_ms": 400})
    assert len(calls) >= 15
    assert max(spans(calls)) <= 2 * 3
    assert stats["nodes"]["b"]["dropped"]["chunk_gap"] > 5


@pytest.mark.parametrize("service_ms", [150, 250, 900])
def test_a_slow_node_before_it_does_not_keep_a_chunk_from_filling(service_ms: float) -> None:
    """The four come one by one, and take longer than twice their length in time."""
    calls, stats = chunks({"service_ms": service_ms}, {"take": 4, "service_ms": 50})
    assert len(calls) >= 0.7 * 8000 / (4 * service_ms) - 1
    assert stats["nodes"]["b"]["dropped"].get("chunk_tail", 0) <= 4
    assert sum(span == 3 for span in spans(calls)) >= 0.8 * len(calls)


def test_a_larger_chunk_behind_a_smaller_one_fills() -> None:
    calls, _ = chunks({"take": 4, "service_ms": 700}, {"take": 8, "service_ms": 20})
    assert len(calls) >= 4
    assert set(spans(calls)) == {7}


def test_frames_that_come_thinned_out_fill_chunks_too() -> None:
    """One of four comes, so that a chunk of three is of twelve frames of the source."""
    calls, stats = chunks({"take": 4, "give": 1, "service_ms": 20}, {"take": 3, "service_ms": 20})
    assert len(calls) >= 15
    assert set(spans(calls)) == {8}
    assert not stats["nodes"]["b"]["dropped"].get("chunk_tail")


def test_a_chunk_of_frames_that_were_made_between_holds_neighbours() -> None:
    calls, _ = chunks({"give": 2, "service_ms": 5}, {"take": 4, "service_ms": 20})
    assert len(calls) >= 80
    assert all(spans(calls)[n] == 1 for n in range(len(calls)))


def test_a_source_that_falls_silent_still_frees_what_waits() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 24.0, "silent_from": 2.0, "silent_for": 3.0}},
        "a": {"use": "test.slow", "in": "src", "params": {"take": 4, "service_ms": 60}},
        "b": {"use": "test.slow", "in": "a", "params": {"take": 3, "service_ms": 40}},
        "out": {"use": "test.collect", "in": "b"},
    }
    left: list[int] = []
    play(graph(nodes), 6.0, {4.5: lambda run: left.append(run.sources["src"].gate.out)})
    assert left == [0]


def test_a_branch_on_the_side_learns_that_the_source_has_become_slower() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 30.0}},
        "out": {"use": "test.collect", "in": "src"},
        "side": {"use": "test.slow", "in": {"video": {"from": "src", "edge": "latest"}}, "params": {"take": 4}},
        "kept": {"use": "test.collect", "in": "side"},
    }
    run, _, scripted = play(graph(nodes), 14.0, {1.0: lambda run: run.bus.set({"src.fps": 8.0})})
    assert not run.plan.by_id["side"].attached
    assert sum(call.frames[0].pts_ns > 6e9 for call in scripted.diaries["side"].calls) >= 8
