"""Live runs on virtual time: rates, ages, joins, and jumps in time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from runtime_support import chain, graph, longest_pause_s

from livegraph.testing import run_graph


@pytest.mark.parametrize(
    ("services", "variation", "rate", "age_ms"),
    [
        ((5, 60, 5), 0.0, 0.97, 200),
        ((5, 60, 5), 0.3, 0.97, 200),
        ((60, 60, 60), 0.3, 0.80, 350),
    ],
)
def test_a_slow_chain_runs_at_its_bottlenecks_rate_with_fresh_frames(
    services: tuple[float, ...], variation: float, rate: float, age_ms: float
) -> None:
    result = run_graph(graph(chain(*services, variation=variation)), duration_s=30, virtual=1)
    assert len(result.frames("out")) >= rate * 30 * 1000 / 60
    assert result.stats["sinks"]["out"]["age_ms"]["p95"] <= age_ms


@pytest.mark.parametrize("service_ms", [160, 250, 333])
def test_chunks_are_of_consecutive_frames_at_full_rate(service_ms: float) -> None:
    nodes = chain(fps=24.0)
    nodes["wan"] = {"use": "test.slow", "in": "src", "params": {"take": 4, "service_ms": service_ms}}
    nodes["out"]["in"] = "wan"
    result = run_graph(graph(nodes), duration_s=30, virtual=1)
    numbers = result.payloads("out")
    assert len(numbers) >= 0.97 * 30 * min(24, 4000 / service_ms) - 4
    assert result.stats["sinks"]["out"]["age_ms"]["p95"] <= 4 * 1000 / 24 + service_ms + 60
    chunks = [numbers[i : i + 4] for i in range(0, len(numbers) - 3, 4)]
    consecutive = [chunk for chunk in chunks if chunk == list(range(chunk[0], chunk[0] + 4))]
    assert len(consecutive) >= 0.99 * len(chunks)


def test_pictures_of_a_chunk_are_shown_evenly() -> None:
    nodes = chain(fps=24.0)
    nodes["wan"] = {"use": "test.slow", "in": "src", "params": {"take": 4, "service_ms": 100}}
    nodes["out"]["in"] = "wan"
    result = run_graph(graph(nodes), duration_s=20, virtual=1)
    steps = [b - a for a, b in pairwise(result.presented_ns("out")[48:])]
    assert all(abs(step - 1e9 / 24) < 3e6 for step in steps)


def test_a_diamond_meets_itself() -> None:
    nodes = {
        "src": {"use": "test.source"},
        "a": {"use": "test.slow", "in": "src", "params": {"service_ms": 10}},
        "b": {"use": "test.slow", "in": "src", "params": {"service_ms": 60}},
        "both": {"use": "test.pair", "in": {"video": "a", "other": "b"}, "params": {"service_ms": 0}},
        "out": {"use": "test.collect", "in": "both"},
    }
    result = run_graph(graph(nodes), duration_s=20, virtual=3)
    assert all(a == b for a, b in result.payloads("out"))
    assert len(result.frames("out")) >= 0.97 * 20 * 1000 / 60
    work = result.stats["nodes"]
    assert work["a"]["frames_out"] <= 1.03 * len(result.frames("out"))


def test_two_live_sources_the_first_leads_and_the_other_is_held() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 30}},
        "aux": {"use": "test.source", "params": {"fps": 12.5}},
        "mix": {"use": "test.pair", "in": {"video": "src", "other": "aux"}, "params": {"service_ms": 5}},
        "out": {"use": "test.collect", "in": "mix"},
    }
    result = run_graph(graph(nodes), duration_s=10, virtual=1)
    assert len(result.frames("out")) >= 295
    lag = [number / 30 - other / 12.5 for number, other in result.payloads("out") if other is not None]
    assert max(lag) <= 1 / 12.5 + 0.04


def test_a_slow_analysis_on_a_held_input_does_not_slow_the_picture() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 30}},
        "analysis": {"use": "test.slow", "in": "src", "params": {"service_ms": 400}},
        "mix": {
            "use": "test.pair",
            "in": {"video": "src", "other": {"from": "analysis", "join": "hold"}},
            "params": {"service_ms": 5},
        },
        "out": {"use": "test.collect", "in": "mix"},
    }
    result = run_graph(graph(nodes), duration_s=10, virtual=1)
    assert len(result.frames("out")) >= 295
    assert result.stats["sinks"]["out"]["age_ms"]["p95"] < 60
    seen = {other for _, other in result.payloads("out")}
    assert len(seen) >= 20  # the analysis went on at its own rate: 25 in 10 s


def test_a_held_source_that_falls_silent_leaves_its_last_value() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 30}},
        "aux": {"use": "test.source", "params": {"fps": 30, "silent_from": 2.0, "silent_for": 100.0}},
        "mix": {"use": "test.pair", "in": {"video": "src", "other": "aux"}, "params": {"service_ms": 5}},
        "out": {"use": "test.collect", "in": "mix"},
    }
    result = run_graph(graph(nodes), duration_s=6, virtual=1)
    assert len(result.frames("out")) >= 175
    assert result.payloads("out")[-1][1] == 59  # the last that it said


def test_a_recorder_beside_a_window_holds_no_credit() -> None:
    nodes = chain(5)
    nodes["disk"] = {"use": "test.record", "in": "n0", "params": {"service_ms": 200}}
    result = run_graph(graph(nodes), duration_s=20, virtual=1)
    assert len(result.frames("out")) >= 590
    edge = result.stats["edges"]["n0.out->disk.video"]
    assert edge["policy"] == "drop_oldest"
    assert edge["dropped"]["edge"] > 0


def test_a_source_that_falls_silent_is_taken_up_again() -> None:
    nodes = chain(20)
    nodes["src"]["params"] |= {"silent_from": 2.0, "silent_for": 5.0}
    result = run_graph(graph(nodes), duration_s=12, virtual=1)
    assert longest_pause_s(result, "out") < 5.2
    assert max(result.payloads("out")) >= 200


def test_pts_that_jump_back_are_rebased_and_nodes_are_reset() -> None:
    nodes = chain(5, delay=1)
    nodes["src"]["params"] |= {"restart_pts": 30}
    result = run_graph(graph(nodes), duration_s=5, virtual=1)
    frames = result.frames("out")
    assert all(a.pts_ns < b.pts_ns for a, b in pairwise(frames))
    assert sum(frame.discontinuity for frame in frames) >= 3


def test_a_jump_in_time_is_told_though_its_frame_was_dropped() -> None:
    nodes = chain(60, 60, skip=0.5)
    nodes["src"]["params"] |= {"restart_pts": 30}
    result = run_graph(graph(nodes), duration_s=10, virtual=1)
    assert sum(frame.discontinuity for frame in result.frames("out")) == 9
