"""What a mutation of the runtime would break unseen: gaps that travel, ages that are bounded, marks that are kept."""

from __future__ import annotations

from typing import ClassVar

from runtime_support import graph, play, plugin

from livegraph import Frame, In, Node, Out, Sink
from livegraph.graph.plan import EdgePlan, PortRef
from livegraph.runtime.edge import Edge
from livegraph.runtime.run import Run
from livegraph.testing import run_graph
from livegraph.types import AnyPort


def test_a_gap_travels_through_nodes_that_see_nothing_of_it() -> None:
    nodes = {
        "src": {"use": "test.source"},
        "none": {"use": "test.slow", "in": "src", "params": {"skip": 1.0}},
        "after": {"use": "test.slow", "in": "none"},
        "both": {"use": "test.pair", "in": {"video": "src", "other": {"from": "after", "optional": True}}},
        "out": {"use": "test.collect", "in": "both"},
    }
    result = run_graph(graph(nodes), duration_s=5, virtual=1)
    assert len(result.frames("out")) >= 140


def test_a_chunk_that_is_not_filled_is_given_up() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 24.0, "silent_from": 0.24, "silent_for": 20.0}},
        "wan": {"use": "test.slow", "in": "src", "params": {"take": 4, "service_ms": 50}},
        "out": {"use": "test.collect", "in": "wan"},
    }
    held: list[int] = []

    def look(run: Run) -> None:
        held.append(run.host.ledger.issued - run.host.ledger.settled)

    _, outcome, _ = play(graph(nodes), 4.0, {0.3: look, 3.0: look})
    assert held == [2, 0]
    assert outcome.stats["nodes"]["wan"]["dropped"] == {"chunk_tail": 2}


class StuckOnce(Sink):
    presents = True
    video: In[AnyPort]

    async def process(self, video: Frame) -> None:
        if video.seq == 49:  # two more of its chunk have come
            await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + 500_000_000)


def test_after_a_hitch_a_window_shows_the_newest_of_what_is_due() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 24.0}},
        "wan": {"use": "test.slow", "in": "src", "params": {"take": 4, "service_ms": 10}},
        "out": {"use": "test.stuck", "in": "wan"},
    }
    result = run_graph(graph(nodes), plugins=[plugin(stuck=StuckOnce)], duration_s=4, virtual=1)
    assert result.stats["nodes"]["out"]["dropped"] == {"age": 1}


def test_a_frame_that_grew_old_before_costly_work_is_dropped_there() -> None:
    nodes = {
        "src": {"use": "test.source"},
        "a": {"use": "test.slow", "in": "src", "params": {"service_ms": 20}},
        "b": {"use": "test.slow", "in": "a", "params": {"service_ms": 20}},
        "out": {"use": "test.collect", "in": "b"},
    }
    changes = {
        2.0: lambda run: run.bus.set({"b.service_ms": 3000.0}),
        4.0: lambda run: run.bus.set({"b.service_ms": 20.0}),
    }
    _, outcome, scripted = play(graph(nodes), 8.0, changes)
    assert outcome.stats["nodes"]["b"]["dropped"]["age"] >= 1
    assert sum(when - frame.captured_ns > 1_500_000_000 for frame, when in scripted.kept["out"]) == 0


def test_a_picture_that_a_starved_lookahead_kept_too_long_is_not_shown() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"silent_from": 1.0, "silent_for": 5.0}},
        "look": {"use": "test.slow", "in": "src", "params": {"delay": 2, "service_ms": 5}},
        "out": {"use": "test.collect", "in": "look"},
    }
    result = run_graph(graph(nodes), duration_s=8, virtual=1)
    assert all(when - frame.captured_ns < 1_000_000_000 for frame, when in result.kept["out"])
    assert result.stats["nodes"]["out"]["dropped"] == {"age": 2}


class CountsResets(Node):
    video: In[AnyPort]
    out: Out[AnyPort]
    resets: ClassVar[list[str]]

    async def process(self, video: Frame) -> Frame:
        type(self).resets.append("marked" if video.discontinuity else "")
        return video

    def reset(self) -> None:
        type(self).resets.append("reset")


def test_a_node_is_reset_just_before_each_frame_that_follows_a_jump() -> None:
    CountsResets.resets = []
    nodes = {
        "src": {"use": "test.source", "params": {"restart_pts": 30}},
        "n": {"use": "test.resets", "in": "src"},
        "out": {"use": "test.collect", "in": "n"},
    }
    run_graph(graph(nodes), plugins=[plugin(resets=CountsResets)], duration_s=3.5, virtual=1)
    seen = CountsResets.resets
    assert seen.count("reset") == 3
    assert [seen[at + 1] for at, what in enumerate(seen) if what == "reset"] == ["marked"] * 3


def test_a_stop_does_not_wait_for_a_node_that_is_to_be_tried_again() -> None:
    nodes = {
        "src": {"use": "test.source"},
        "n": {"use": "test.slow", "in": "src", "params": {"fail": 1.0}},
        "out": {"use": "test.collect", "in": "n"},
    }
    _, outcome, _ = play(graph(nodes), None, {5.0: Run.stop})
    assert outcome.stats["duration_s"] < 6


def test_a_lossy_edge_keeps_the_mark_of_a_jump() -> None:
    class Bell:
        def set(self) -> None: ...

    wire = Edge(EdgePlan(PortRef("a", "out"), "b", "in", "primary", "latest", 1), True, Bell(), Bell())
    wire.put(Frame(1, discontinuity=True), (), 0)
    wire.put(Frame(2), (), 0)
    assert [entry.frame.discontinuity for entry in wire.entries] == [True]
