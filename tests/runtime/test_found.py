"""What random graphs found (`tests/properties`), each as small as it could be made."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest
from runtime_support import graph, play, plugin

from livegraph import Frame, In, Node, Out
from livegraph.errors import NodeError
from livegraph.runtime.run import Run
from livegraph.testing import run_graph
from livegraph.types import AnyPort


def source(**params: Any) -> dict[str, Any]:
    return {"use": "test.source", "params": params}


def slow(feed: Any, **params: Any) -> dict[str, Any]:
    return {"use": "test.slow", "in": {"video": feed}, "params": params}


def pauses(*, setup: float = 0.0, teardown: float = 0.0) -> type[Node]:
    """A node that takes its time, and says in `done` what it has come to the end of; it fails at every fifth frame."""

    class Pauses(Node):
        video: In[AnyPort]
        out: Out[AnyPort]
        done: ClassVar[list[str]] = []

        async def setup(self) -> None:
            self.frames = 0
            await asyncio.sleep(setup)
            self.done.append("setup")

        async def process(self, video: Frame) -> Frame:
            self.frames += 1
            if self.frames == 5:
                raise NodeError("scripted")
            return video

        async def teardown(self) -> None:
            await asyncio.sleep(teardown)
            self.done.append("teardown")

    return Pauses


def sink(feed: str, **params: Any) -> dict[str, Any]:
    return {"use": "test.collect", "in": feed, "params": params}


def test_an_empty_flush_is_no_gap() -> None:
    nodes = {"src": source(frames=5, live=False), "a": slow("src"), "out": sink("a")}
    _, outcome, _ = play(graph(nodes, mode="offline"), None, {})
    assert outcome.stats["nodes"]["a"]["frames_in"] == outcome.stats["nodes"]["a"]["frames_out"] == 5
    assert outcome.stats["nodes"]["a"]["gaps"] == 0


def test_a_frame_in_a_call_that_is_cancelled_is_a_drop() -> None:
    nodes = {"src": source(fps=10), "a": slow("src", service_ms=1000), "out": sink("a")}
    _, outcome, _ = play(graph(nodes), None, {0.5: lambda run: run.cancel()})
    assert outcome.stats["nodes"]["a"]["frames_in"] == 1
    assert outcome.stats["nodes"]["a"]["dropped"] == {"stop": 1}


def test_what_a_closed_window_had_accepted_is_a_drop() -> None:
    nodes = {"src": source(fps=30), "a": slow("src", take=4), "out": sink("a", end_after=10)}
    _, outcome, scripted = play(graph(nodes), 5.0, {})
    book = outcome.stats["nodes"]["out"]
    assert len(scripted.kept["out"]) == 10
    assert book["dropped"]["stop"] > 0


@pytest.mark.parametrize("end", [Run.stop, Run.cancel])
def test_a_teardown_before_a_restart_is_not_cut_off_by_the_end(end: Any) -> None:
    node = pauses(teardown=1.0)
    nodes = {"src": source(fps=10), "a": {"use": "test.a", "in": "src"}, "out": sink("a")}
    _, outcome, _ = play(graph(nodes), None, {1.0: end}, plugin(a=node))
    assert node.done == ["setup", "teardown"]
    assert outcome.stats["duration_s"] < 2.0
    assert outcome.stats["nodes"]["a"]["restarts"] == 0


def test_an_offline_teardown_before_a_rebuild_is_not_cut_off_by_a_cancel() -> None:
    nodes = {"src": source(frames=90, live=False), "a": slow("src", service_ms=10, teardown_ms=500), "out": sink("a")}
    deeds = {0.1: lambda run: run.bus.set({"a.variation": 0.5}), 0.3: lambda run: run.cancel()}
    _, _, scripted = play(graph(nodes, mode="offline"), None, deeds)
    assert scripted.diaries["a"].setups == scripted.diaries["a"].closed == 1


@pytest.mark.parametrize("end", [Run.stop, Run.cancel])
def test_an_end_before_the_beginning_waits_for_no_setup(end: Any) -> None:
    node = pauses(setup=60.0)
    nodes = {"src": source(), "a": {"use": "test.a", "in": "src"}, "out": sink("a")}
    run, outcome, _ = play(graph(nodes), None, {1.0: end}, plugin(a=node))
    assert outcome.ok and not run.opened
    assert node.done == ["teardown"]
    assert run.ended_ns < 2e9


def test_a_backlog_that_comes_all_at_once_does_not_delay_what_follows() -> None:
    nodes = {"src": source(fps=30, silent_from=1.0, silent_for=5.0, backlog=True), "out": sink("src")}
    _, _, scripted = play(graph(nodes), 8.0, {})
    assert max(when - frame.captured_ns for frame, when in scripted.kept["out"]) < 1e9


@pytest.mark.parametrize("take", [1, 3])
def test_an_offline_rebuild_loses_no_frame_of_a_chunk(take: int) -> None:
    nodes = {"src": source(frames=9, live=False), "a": slow("src"), "b": slow("a", take=take), "out": sink("b")}
    deed = {0.05: lambda run: run.bus.set({"b.variation": 0.5})}
    _, _, scripted = play(graph({**nodes, "late": sink("src", setup_ms=500)}, mode="offline"), None, deed)
    assert scripted.diaries["b"].setups == 2
    assert [frame.data for frame, _ in scripted.kept["out"]] == list(range(9))


@pytest.mark.parametrize("mode", ["live", "offline"])
def test_a_rebuild_brings_out_what_a_lookahead_holds_back(mode: str) -> None:
    src = source(fps=50) if mode == "live" else source(fps=50, live=False, frames=40)
    nodes = {"src": src, "a": slow("src", delay=3, service_ms=10), "out": sink("a")}
    deed = {0.21: lambda run: run.bus.set({"a.variation": 0.5})}
    _, _, scripted = play(graph(nodes, mode=mode), 1.0, deed)
    assert scripted.diaries["a"].setups == 2
    shown = [frame.data for frame, _ in scripted.kept["out"]]
    assert shown[:10] == list(range(10))
    assert mode == "live" or shown == list(range(40))


def test_what_waits_for_a_node_that_ends_the_run_is_counted() -> None:
    """`on_error: stop`: frames that lie before the node when it fails are dropped by the end of the run."""
    nodes = {
        "src": {"use": "test.source", "params": {"fps": 24}},
        "n0": {
            "use": "test.slow",
            "in": "src",
            "params": {"service_ms": 60, "fail": 1.0, "teardown_ms": 2000},
            "on_error": "stop",
        },
        "out": {"use": "test.collect", "in": "n0"},
    }
    result = run_graph({"livegraph": 1, "name": "g", "nodes": nodes}, duration_s=1, virtual=0)
    dropped = result.stats["nodes"]["n0"]["dropped"]
    on_the_edge = result.stats["edges"]["src.out->n0.video"]["dropped"]
    assert (dropped, on_the_edge) == ({"error": 1}, {"stop": 1})
