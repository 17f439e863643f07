"""Parameters that change while a graph runs: together, on one source frame, within their ranges."""

from __future__ import annotations

from typing import Any

from runtime_support import chain, graph, play, plugin

from livegraph import Frame, In, Node, Out, Param
from livegraph.runtime.run import Run
from livegraph.testing import run_graph
from livegraph.types import AnyPort


class Tagged(Node):
    """Marks each frame with a parameter."""

    video: In[AnyPort]
    out: Out[AnyPort]
    tag: int = Param(0, live=True, doc="mark")
    size: int = Param(1, doc="needs a rebuild")

    async def process(self, video: Frame) -> Any:
        marks = video.data if isinstance(video.data, tuple) else (video.data,)
        return (*marks, self.tag, self.size)


def tagged() -> dict[str, Any]:
    nodes = {
        "src": {"use": "test.source"},
        "a": {"use": "test.tag", "in": "src"},
        "slow": {"use": "test.slow", "in": "a", "params": {"service_ms": 100}},
        "b": {"use": "test.tag", "in": "slow"},
        "out": {"use": "test.collect", "in": "b"},
    }
    return graph(nodes, controls={"mark": "a.tag"}, presets={"both": {"mark": 5, "b.tag": 5}})


def test_a_transaction_switches_every_node_on_the_same_source_frame() -> None:
    changes = {1.0: lambda run: run.bus.set({"a.tag": 1, "b.tag": 1}), 2.01: lambda run: run.bus.preset("both")}
    _, outcome, scripted = play(tagged(), 4.0, changes, plugin(tag=Tagged))
    assert outcome.ok
    marks = [frame.data for frame, _ in scripted.kept["out"]]
    assert {mark[1] for mark in marks} == {0, 1, 5}
    assert all(mark[1] == mark[3] for mark in marks)


def test_a_refused_transaction_changes_nothing() -> None:
    refused: list[str] = []

    def change(run: Run) -> None:
        try:
            run.bus.set({"a.tag": 1, "b.tag": "many"})
        except Exception as error:
            refused.append(str(error))

    _, _, scripted = play(tagged(), 2.0, {1.0: change}, plugin(tag=Tagged))
    assert refused and refused[0].startswith("node b: tag:")
    assert {frame.data[1] for frame, _ in scripted.kept["out"]} == {0}


def test_a_rebuild_parameter_builds_the_node_anew() -> None:
    _, outcome, scripted = play(tagged(), 3.0, {1.0: lambda run: run.bus.set({"b.size": 9})}, plugin(tag=Tagged))
    assert outcome.ok
    assert [frame.data[4] for frame, _ in scripted.kept["out"]][-1] == 9


def test_a_wired_parameter_is_held_within_its_range() -> None:
    nodes = chain()
    nodes["swing"] = {"use": "core.lfo", "params": {"low": -50.0, "high": 50.0, "frequency": 1.0}}
    nodes["n"] = {"use": "test.slow", "in": "src", "params": {"service_ms": {"from": "swing"}}}
    nodes["out"]["in"] = "n"
    result = run_graph(graph(nodes), duration_s=3, virtual=1)
    assert result.outcome.ok
    assert 0 < result.stats["nodes"]["n"]["process_ms"]["p95"] <= 52
