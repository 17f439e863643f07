"""Nodes and sources that fail or hang: what each policy makes of it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from runtime_support import chain, graph, longest_pause_s, plugin

from livegraph import DeviceMemoryError, Frame, In, InputError, ModelError, Node, NodeError, Out, Signal
from livegraph.node import Function
from livegraph.testing import run_graph
from livegraph.types import AnyPort


def test_a_source_that_fails_is_opened_again_and_pts_go_on_rising() -> None:
    nodes = chain(5)
    nodes["src"]["params"] |= {"fail_at": 40}
    result = run_graph(graph(nodes), duration_s=5, virtual=1)
    frames = result.frames("out")
    assert result.stats["nodes"]["src"]["errors"] == 3  # at its 40th frame each time
    assert result.stats["nodes"]["src"]["restarts"] == 2  # the third would come after the end
    assert all(a.pts_ns < b.pts_ns for a, b in pairwise(frames))
    assert [frame.discontinuity for frame in frames].count(True) == 2  # the third comes after the end
    assert longest_pause_s(result, "out") < 2


def test_a_failing_node_is_restarted_beside_the_stream() -> None:
    result = run_graph(graph(chain(5, 5, fail=0.003)), duration_s=20, virtual=5)
    node = result.stats["nodes"]["n0"]
    assert node["errors"] > 0
    assert node["restarts"] > 0
    assert result.outcome.ok
    assert result.stats["tickets"]["issued"] == result.stats["tickets"]["settled"]


def test_a_node_that_keeps_failing_stays_down_and_the_rest_goes_on() -> None:
    nodes = chain(5, fail=1.0)
    nodes["clean"] = {"use": "test.collect", "in": "src"}
    result = run_graph(graph(nodes), duration_s=30, virtual=1)
    assert not result.outcome.ok
    assert "n0: stays down after 5 restarts" in str(result.outcome.error)
    assert len(result.frames("clean")) >= 850


def test_skip_drops_the_frame_and_nothing_else() -> None:
    nodes = chain(5)
    nodes["n0"] |= {"on_error": "skip", "params": {"service_ms": 5, "fail": 0.5}}
    result = run_graph(graph(nodes), duration_s=10, virtual=1)
    node = result.stats["nodes"]["n0"]
    assert node["errors"] == node["dropped"]["error"] > 100
    assert node["errors"] + node["frames_out"] == node["frames_in"]
    assert node["restarts"] == 0


def test_stop_ends_the_run_with_the_error() -> None:
    nodes = chain(5)
    nodes["n0"] |= {"on_error": "stop", "params": {"fail": 0.1}}
    result = run_graph(graph(nodes), duration_s=100, virtual=1)
    assert "node n0: scripted failure" in str(result.outcome.error)
    assert result.stats["duration_s"] < 50


def test_a_hung_node_is_named_with_its_stack_and_replaced(caplog: pytest.LogCaptureFixture) -> None:
    nodes = chain(5)
    nodes["n0"] |= {"timeout": 1.0, "params": {"hang": 0.02}}
    result = run_graph(graph(nodes), duration_s=20, virtual=1)
    assert result.stats["nodes"]["n0"]["restarts"] > 0
    assert "node n0 hangs" in caplog.text
    assert "sleep_until" in caplog.text
    assert any("no answer for" in note for note in result.stats["notes"])


class OutOfMemoryError(RuntimeError):
    """As torch calls it."""


@pytest.mark.parametrize("where", ["setup", "process"])
@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (DeviceMemoryError("wan does not fit"), DeviceMemoryError),
        (OutOfMemoryError("tried to allocate 2 GiB"), DeviceMemoryError),
        (MemoryError(), DeviceMemoryError),
        (ModelError("model x is not here"), ModelError),
        (InputError("backend: none works here"), InputError),
        (NodeError("no luck"), NodeError),
        (ValueError("odd"), NodeError),
    ],
)
def test_an_error_stays_what_it_is_and_names_its_node(where: str, raised: Exception, told: type[NodeError]) -> None:
    class Failing(Node):
        video: In[AnyPort]
        out: Out[AnyPort]

        async def setup(self) -> None:
            if where == "setup":
                raise raised

        async def process(self, video: Frame) -> Frame:
            raise raised

    nodes = chain()
    nodes["src"]["params"] |= {"frames": 3, "live": False}
    nodes["odd"] = {"use": "test.failing", "in": "src"}
    nodes["end"] = {"use": "test.collect", "in": "odd"}
    result = run_graph(graph(nodes, mode="offline"), plugins=[plugin(failing=Failing)], virtual=1)
    assert type(result.outcome.error) is told
    assert str(result.outcome.error).startswith("node odd: ")
    assert str(raised) in str(result.outcome.error)


class Odd(Function):
    """A signal that cannot be told from half a second on."""

    out: Out[Signal]

    def at(self, pts_ns: int) -> float:
        if pts_ns >= 500_000_000:
            raise ValueError("no signal")
        return 5.0


def test_a_signal_that_fails_is_an_error_of_the_node_that_reads_it() -> None:
    nodes = chain(5)
    nodes["odd"] = {"use": "test.odd"}
    nodes["n0"] |= {"on_error": "skip", "params": {"service_ms": {"from": "odd"}}}
    result = run_graph(graph(nodes), plugins=[plugin(odd=Odd)], duration_s=2, virtual=1)
    node = result.stats["nodes"]["n0"]
    assert result.outcome.ok
    assert node["errors"] == node["dropped"]["error"] == node["frames_in"] - node["frames_out"] > 30
    assert "node n0: ValueError: no signal" in result.stats["notes"]
    assert result.stats["tickets"]["issued"] == result.stats["tickets"]["settled"]
