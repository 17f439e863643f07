"""Signals made of signals, on their way to parameters: whoever reads them, and however tasks are interleaved."""

from __future__ import annotations

import math
from typing import Any

import pytest
from runtime_support import graph, play, plugin

from livegraph import Frame, Function, In, Node, Out, Param, Signal
from livegraph.core import plugin as core
from livegraph.testing import RunResult, run_graph
from livegraph.types import AnyPort

PERIOD_S = 1 / 30


class Marked(Node):
    """Each picture with all that this parameter was on its way."""

    video: In[AnyPort]
    out: Out[AnyPort]
    mark: float = Param(0.0, ge=-10, le=10, live=True, doc="a mark")

    async def process(self, video: Frame) -> Any:
        marks = video.data if isinstance(video.data, tuple) else ()
        return (*marks, self.mark)


class Pulse(Node):
    """A streamed signal: the number of each picture."""

    video: In[AnyPort]
    out: Out[Signal]

    async def process(self, video: Frame) -> float:
        return float(video.seq)


class Clock(Function):
    """The time, which some parameter shifts."""

    out: Out[Signal]
    shift: float = Param(0.0, live=True, doc="seconds")

    def at(self, pts_ns: int) -> float:
        return float(pts_ns / 1e9 + self.params.shift)


NODES = plugin(marked=Marked, pulse=Pulse, clock=Clock)


def marked(mark: Any, frames: int = 12, **nodes: Any) -> dict[str, Any]:
    """A film whose pictures are marked with what `mark` says."""
    return graph(
        {
            "src": {"use": "test.source", "params": {"frames": frames, "live": False}},
            "clock": {"use": "test.clock"},
            "pulse": {"use": "test.pulse", "in": "src"},
            "marks": {"use": "test.marked", "in": "src", "params": {"mark": mark}},
            "out": {"use": "test.collect", "in": "marks"},
            **nodes,
        },
        mode="offline",
    )


def marks(document: dict[str, Any], **how: Any) -> list[float]:
    result: RunResult = run_graph(document, plugins=[NODES], **{"virtual": 1, **how})
    assert result.outcome.ok, result.outcome.error
    return [data[-1] for data in result.payloads("out")]


def math_of(op: str, inputs: Any, **params: Any) -> dict[str, Any]:
    return {"use": "core.math", "in": inputs, "params": {"op": op, **params}}


def test_a_function_of_a_function() -> None:
    twice = math_of("product", "clock", constant=2)
    more = math_of("sum", {"a": "twice", "b": "clock"})
    assert marks(marked({"from": "more"}, more=more, twice=twice)) == [
        pytest.approx(3 * n * PERIOD_S, abs=1e-6) for n in range(12)
    ]


def test_a_parameter_of_a_function_follows_another() -> None:
    late = {"use": "test.clock", "params": {"shift": {"from": "clock"}}}
    assert marks(marked({"from": "late"}, late=late)) == [pytest.approx(2 * n * PERIOD_S, abs=1e-6) for n in range(12)]


def test_of_a_streamed_signal_math_is_a_node_that_answers_each_frame() -> None:
    document = marked({"from": "half"}, half=math_of("product", "pulse", constant=0.5))
    assert marks(document) == [n / 2 for n in range(12)]
    result = run_graph(document, plugins=[NODES], virtual=1)
    assert result.stats["nodes"]["half"]["frames_out"] == 12
    assert "half" not in result.stats["functions"]


def test_streamed_and_computed_signals_meet_at_the_frame() -> None:
    both = math_of("sum", {"a": "clock", "b": "more"})
    document = marked({"from": "both"}, both=both, more=math_of("product", {"a": "pulse", "b": "pulse"}))
    assert marks(document, virtual=None) == [pytest.approx(min(n * n + n * PERIOD_S, 10), abs=1e-6) for n in range(12)]


def test_a_range_and_smoothing_on_the_way() -> None:
    assert marks(marked({"from": "clock", "range": [4, 2]})) == [
        pytest.approx(4 - 2 * n * PERIOD_S, abs=1e-6) for n in range(12)
    ]
    assert marks(marked({"from": "pulse", "range": [1, 2]})) == [1.0, *[2.0] * 11]
    smooth = marks(marked({"from": "pulse", "range": [0, 1], "smooth": "100ms"}))
    assert smooth == [pytest.approx(1 - math.exp(-n * PERIOD_S / 0.1), abs=1e-5) for n in range(12)]
    assert marks(marked({"from": "pulse", "range": [0, 1], "smooth": 0})) == [0.0, *[1.0] * 11]


class Broken(Clock):
    def at(self, pts_ns: int) -> float:
        return math.nan if pts_ns < 200_000_000 else math.inf if pts_ns < 300_000_000 else 7.0


def test_what_is_no_number_leaves_the_parameter_as_it_is() -> None:
    document = marked({"from": "broken"}, broken={"use": "test.broken"})
    result = run_graph(document, plugins=[NODES, plugin(broken=Broken)], virtual=1)
    assert [data[-1] for data in result.payloads("out")] == [0.0] * 9 + [7.0] * 3


def envelope_graph(mode: str) -> dict[str, Any]:
    """An envelope and what is made of it, read by a node, by one behind a chunk, and by one after long work."""
    swell = {"from": "shaped", "smooth": "50ms"}
    nodes = {
        "src": {"use": "test.source", "params": {"live": mode == "live"} | ({} if mode == "live" else {"frames": 90})},
        "swell": {"use": "core.envelope", "params": {"attack": 0.3, "decay": 0.2, "release": 0.4, "every": 0.7}},
        "shaped": {"use": "core.math", "in": "soft", "params": {"low": 1, "high": 3}},
        "soft": {"use": "core.math", "in": "swell", "params": {"op": "smooth", "time": 0.1}},
        "a": {"use": "test.marked", "in": "src", "params": {"mark": swell}},
        "slow": {"use": "test.slow", "in": "a", "params": {"service_ms": 20}},
        "b": {"use": "test.marked", "in": "slow", "params": {"mark": swell}},
        "out": {"use": "test.collect", "in": "b"},
    }
    return graph(nodes, mode=mode)


@pytest.mark.parametrize("seed", range(5))
def test_offline_what_is_remembered_depends_on_no_schedule(seed: int) -> None:
    def values(virtual: int) -> list[Any]:
        result = run_graph(envelope_graph("offline"), plugins=[NODES], virtual=virtual)
        assert result.outcome.ok, result.outcome.error
        return [frame.data for frame in result.frames("out")]

    first = values(seed)
    assert first == values(seed + 100)
    assert len({mark for _, mark in first}) > 50
    assert all(before == after for before, after in first)


def test_live_a_gate_opens_at_the_frame_that_its_change_holds_from_for_all_who_read_it() -> None:
    document = envelope_graph("live")
    document["nodes"]["swell"]["params"]["every"] = 0
    changes = {1.0: lambda run: run.bus.set({"swell.gate": True}), 1.8: lambda run: run.bus.set({"swell.gate": False})}
    _, outcome, scripted = play(document, 4.0, changes, NODES, core)
    assert outcome.ok
    seen = [frame.data for frame, _ in scripted.kept["out"]]
    assert len({mark for mark, _ in seen}) > 20
    assert all(before == pytest.approx(after) for before, after in seen)
    assert seen[0][0] == pytest.approx(1)
    assert max(mark for mark, _ in seen) > 2
