"""Computed signals that open something: they are set up once, off the loop, and told of like nodes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest
from runtime_support import graph, play, plugin
from test_services import Brings, Lights, lights

from livegraph import Frame, Function, In, InputError, Node, Out, Param, Signal
from livegraph.graph import plan_graph
from livegraph.registry import Registry
from livegraph.runtime.run import Run
from livegraph.testing import ScriptedPlugin, run_graph
from livegraph.types import AnyPort

EVENTS: list[str] = []


@pytest.fixture(autouse=True)
def events() -> Iterator[list[str]]:
    EVENTS.clear()
    yield EVENTS


class Listener(Function):
    """Asks a service for the newest value."""

    out: Out[Signal]
    address: str = Param("/fader", doc="which value")

    def setup(self) -> None:
        self.lights = self.ctx.service("lights")
        EVENTS.append(f"{self.ctx.node_id} {self.ctx.mode} {threading.current_thread() is threading.main_thread()}")

    def at(self, pts_ns: int) -> float:
        assert isinstance(self.lights, Lights)
        return 0.75

    def status(self) -> Mapping[str, Any]:
        return {"address": self.address}

    def teardown(self) -> None:
        EVENTS.append("listener down")


class Marked(Node):
    video: In[AnyPort]
    out: Out[AnyPort]
    mark: float = Param(0.0, live=True, doc="a mark")

    async def process(self, video: Frame) -> Any:
        marks = video.data if isinstance(video.data, tuple) else ()
        return (*marks, self.mark)

    def teardown(self) -> None:
        EVENTS.append("node down")


class Closing(Lights):
    def close(self) -> None:
        EVENTS.append("service closed")


def marked(**nodes: Any) -> dict[str, Any]:
    """A film of five pictures, marked with `signal`."""
    return graph(
        {
            "src": {"use": "test.source", "params": {"frames": 5}},
            "marks": {"use": "test.marked", "in": "src", "params": {"mark": {"from": "signal"}}},
            "out": {"use": "test.collect", "in": "marks"},
            **nodes,
        },
        mode="offline",
    )


def test_a_function_asks_a_service_that_closes_after_it_and_after_every_node() -> None:
    scripted = ScriptedPlugin()
    registry = Registry(discover=False)
    for number, brought in enumerate((scripted, Brings(lights(Closing)), plugin(listener=Listener, marked=Marked))):
        assert registry.add(brought, str(number)).state == "loaded"
    document = marked(signal={"use": "test.listener", "params": {"address": "/x"}})
    run = Run(plan_graph(document, registry=registry), registry=registry)
    outcome = asyncio.run(run.main())
    assert outcome.ok, outcome.error
    assert [frame.data for frame, _ in scripted.kept["out"]] == [(0.75,)] * 5
    assert EVENTS == ["signal offline False", "node down", "listener down", "service closed"]
    told = outcome.stats["functions"]["signal"]
    assert told == {"type": "test.listener", "state": "ended", "status": {"address": "/x"}}


class Unable(Listener):
    def setup(self) -> None:
        raise InputError("nothing listens at port 9000")


def test_one_that_cannot_be_set_up_keeps_the_run_from_beginning() -> None:
    document = marked(signal={"use": "test.unable"})
    result = run_graph(document, plugins=[plugin(unable=Unable, marked=Marked)])
    assert isinstance(result.outcome.error, InputError)
    assert str(result.outcome.error) == "node signal: nothing listens at port 9000"
    assert not result.frames("out")
    assert EVENTS == ["node down", "listener down"]


class Slow(Listener):
    begun: ClassVar[threading.Event]
    over: ClassVar[threading.Event]

    def setup(self) -> None:
        self.begun.set()
        assert self.over.wait(10)


def test_a_stop_waits_for_no_set_up() -> None:
    Slow.begun, Slow.over = threading.Event(), threading.Event()

    def stop(run: Run) -> None:
        if Slow.begun.is_set():
            run.stop()
        else:
            run.later(0.01, lambda: stop(run))

    document = marked(signal={"use": "test.slow_signal"})
    run, outcome, _ = play(document, None, {0.0: stop}, plugin(slow_signal=Slow, marked=Marked), virtual=False)
    assert outcome.ok, outcome.error
    assert not run.opened
    assert not Slow.over.is_set()
    Slow.over.set()
