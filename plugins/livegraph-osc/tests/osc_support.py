"""Real runs with the controller, on free ports of this machine, and a client of python-osc's making."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from livegraph import EndOfStream, Frame, In, Node, NodeSpec, Out, Param, Sink, Source, hookimpl
from livegraph.graph import plan_graph
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run
from livegraph.testing import ScriptedPlugin, run_plan
from livegraph.types import AnyPort
from livegraph_osc.codec import Message, read, write
from livegraph_osc.controller import Osc

WITHIN_S = 10.0


class Ticks(Source):
    """Thirty a second, on the run's clock."""

    out: Out[AnyPort]

    async def setup(self) -> None:
        self._number, self._began_ns = 0, self.ctx.clock.now_ns()

    async def read(self) -> Frame | EndOfStream:
        number, self._number = self._number, self._number + 1
        await self.ctx.clock.sleep_until(self._began_ns + number * 33_333_333)
        return self.frame(number, number * 33_333_333, 33_333_333)


class Knobs(Node):
    """One parameter of each kind. Each frame becomes the value of `open`."""

    video: In[AnyPort]
    out: Out[AnyPort]
    value: int = Param(0, ge=0, le=100, live=True, doc="whole numbers")
    level: float = Param(0.0, ge=0, le=1, live=True, unit="dB", doc="a share")
    open: float = Param(0.0, live=True, doc="a number without bounds")
    text: str = Param("", live=True, doc="words")
    flip: bool = Param(False, live=True, doc="on or off")
    shape: Literal["sine", "saw", "square"] = Param("sine", live=True, doc="one of them")
    path: str = Param("here", remote=False, doc="of this machine")

    async def process(self, video: Frame) -> Frame:
        return video.with_data(self.params.open)


class End(Sink):
    video: In[AnyPort]

    async def process(self, video: Frame) -> None:
        pass


class Plugin:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("test.ticks", Ticks), NodeSpec("test.knobs", Knobs), NodeSpec("test.end", End)]


def until(true: Callable[[], Any], within_s: float = WITHIN_S) -> None:
    ends = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def document(**params: Any) -> dict[str, Any]:
    return {
        "livegraph": 1,
        "name": "show",
        "mode": "live",
        "nodes": {
            "src": {"use": "test.ticks"},
            "a": {"use": "test.knobs", "in": "src"},
            "b": {"use": "test.knobs", "in": "a"},
            "out": {"use": "test.end", "in": "b"},
        },
        "controls": {"level": {"target": "a.level", "range": [0, 0.5]}},
        "presets": {"low": {"level": 0.1, "b.value": 2}, "high": {"level": 0.4, "b.value": 10}},
        "controllers": {"osc": {"port": 0, **params}},
    }


@dataclass
class Show:
    """A run that goes on in a thread of its own."""

    run: Run
    thread: threading.Thread
    outcomes: list[Outcome]
    kept: dict[str, Any]

    @property
    def osc(self) -> Osc:
        found = self.run.services.get("osc")
        assert isinstance(found, Osc)
        return found

    @property
    def port(self) -> int:
        return int(self.osc.status()["port"])

    def get(self, address: str) -> Any:
        return self.run.ask(lambda: self.run.bus.get(address)).result(WITHIN_S)

    def becomes(self, address: str, value: Any) -> None:
        """Floats come in 32 bits."""
        near = isinstance(value, float)
        until(lambda: abs(self.get(address) - value) < 1e-6 if near else self.get(address) == value)

    @property
    def refused(self) -> dict[str, int]:
        return dict(self.run.door("osc").refused)

    def stop(self) -> Outcome:
        if self.thread.is_alive():
            self.run.ask(self.run.stop)
        self.thread.join(20)
        return self.outcomes[0]


@contextmanager
def a_show(graph: dict[str, Any] | None = None, **params: Any) -> Iterator[Show]:
    registry, scripted = Registry(), ScriptedPlugin()
    for name, plugin in (("scripted", scripted), ("osc-test", Plugin())):
        assert registry.add(plugin, name).state == "loaded"
    plan = plan_graph(graph or document(**params), registry=registry)
    outcomes: list[Outcome] = []
    run = Run(plan, registry=registry)
    thread = threading.Thread(target=lambda: outcomes.append(run_plan(run)))
    show = Show(run, thread, outcomes, scripted.kept)
    thread.start()
    try:
        until(lambda: run.opened or not thread.is_alive(), 20)
        assert thread.is_alive(), outcomes[0].error
        yield show
    finally:
        show.stop()


class Udp:
    """A client with a socket of its own."""

    def __init__(self, port: int, at: int = 0) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", at))
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(WITHIN_S)

    def __enter__(self) -> Udp:
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()

    def send(self, address: str, *arguments: Any) -> None:
        self.socket.send(write(address, *arguments))

    def message(self) -> Message:
        return read(self.socket.recv(65_536))[0].messages[0]

    def ask(self, address: str, *arguments: Any) -> Message:
        self.send(address, *arguments)
        return self.message()

    def hears(self, address: str, within_s: float = WITHIN_S) -> Message:
        """The next message at an address; others are let go."""
        ends = time.monotonic() + within_s
        while time.monotonic() < ends:
            if (message := self.message()).address == address:
                return message
        raise AssertionError(f"nothing came at {address}")

    def drain(self, quiet_s: float = 0.3) -> list[Message]:
        """What has come, until nothing comes for a while."""
        found = []
        self.socket.settimeout(quiet_s)
        try:
            while True:
                found.append(self.message())
        except TimeoutError:
            return found
        finally:
            self.socket.settimeout(WITHIN_S)
