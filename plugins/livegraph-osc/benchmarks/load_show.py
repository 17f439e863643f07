"""The run of `load.py`, in its own process: 30 frames a second, a node with many parameters, and what is measured."""

from __future__ import annotations

import asyncio
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from livegraph import EndOfStream, Frame, In, Node, NodeSpec, Out, Param, Params, Serving, Sink, Source, hookimpl
from livegraph.graph import plan_graph
from livegraph.observe.histogram import Histogram
from livegraph.params import param_model
from livegraph.registry import Registry
from livegraph.runtime.run import Run
from livegraph.types import AnyPort

PERIOD_NS = 33_333_333
KNOBS = 50
BEAT_S = 0.005
seen: list[tuple[int, float]] = []
"""What the sink saw: when (monotonic, ns), and the mark that the frame carries."""


class Ticks(Source):
    out: Out[AnyPort]

    async def setup(self) -> None:
        self._number, self._began_ns = 0, self.ctx.clock.now_ns()

    async def read(self) -> Frame | EndOfStream:
        number, self._number = self._number, self._number + 1
        await self.ctx.clock.sleep_until(self._began_ns + number * PERIOD_NS)
        return self.frame(number, number * PERIOD_NS, PERIOD_NS)


class Bank(Node):
    video: In[AnyPort]
    out: Out[AnyPort]

    async def process(self, video: Frame) -> Frame:
        return video.with_data(self.params.mark)


class End(Sink):
    video: In[AnyPort]

    async def process(self, video: Frame) -> None:
        if not seen or seen[-1][1] != video.data:
            seen.append((time.monotonic_ns(), video.data))


def _many() -> type[Params]:
    """`p0` and on by OSC, `web` by WebSocket, `hall` by MQTT; `mark` is what the latency is measured by."""
    names = [*(f"p{number}" for number in range(KNOBS)), "web", "hall", "mark"]
    return param_model("Bank", {name: (float, Param(0.0, live=True, doc="one of many")) for name in names})


class Plugin:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        Bank.Params = _many()
        return [NodeSpec("load.ticks", Ticks), NodeSpec("load.bank", Bank), NodeSpec("load.end", End)]


class Heartbeat:
    """How late the run's loop is for what it was to do every 5 ms."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.late = Histogram()
        self.worst_s = 0.0
        self._again()

    def _again(self) -> None:
        self._due_s = self._loop.time() + BEAT_S
        self._loop.call_at(self._due_s, self._beat)

    def _beat(self) -> None:
        late_s = self._loop.time() - self._due_s
        self.late.add(round(late_s * 1e9))
        self.worst_s = max(self.worst_s, late_s)
        self._again()


class Measured:
    """Between `begin` and `end`, both on the run's loop."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def begin(self) -> None:
        self._before = self._run.workers["end"].meter.age.copy()
        self._heart = Heartbeat(self._run.host.loop)
        seen.clear()

    def end(self) -> dict[str, Any]:
        age = self._run.workers["end"].meter.age.since(self._before)
        return {
            "frames": age.count,
            "age_p50_ms": round(age.percentile(0.5) / 1e6, 3),
            "age_p95_ms": round(age.percentile(0.95) / 1e6, 3),
            "late_p99_ms": round(self._heart.late.percentile(0.99) / 1e6, 2),
            "late_worst_ms": round(self._heart.worst_s * 1e3, 2),
            "doors": {name: door.document() for name, door in self._run.doors.items()},
            "seen": list(seen),
        }

    def arrived(self) -> tuple[int, dict[str, float]]:
        """How many packets came by OSC, and the values that they left."""
        values = {name: self._run.bus.get(f"bank.{name}") for name in Bank.Params.model_fields}
        return self._run.services.status()["osc"]["received"], values


def plan_document(osc: int, mqtt: int) -> dict[str, Any]:
    return {
        "livegraph": 1,
        "name": "load",
        "mode": "live",
        "nodes": {
            "src": {"use": "load.ticks"},
            "bank": {"use": "load.bank", "in": "src"},
            "end": {"use": "load.end", "in": "bank"},
        },
        "controllers": {"osc": {"port": osc}, "mqtt": {"host": "127.0.0.1", "port": mqtt}},
    }


def serve(pipe: Connection, osc: int, mqtt: int) -> None:
    """Says where the web server is; begins to measure, ends that, and tells what arrived, each when it is told to."""
    registry = Registry()
    registry.add(Plugin(), "load")
    run = Run(plan_graph(plan_document(osc, mqtt), registry=registry), registry=registry, serving=Serving(asked=True))
    threading.Thread(target=_measure, args=(run, pipe), daemon=True).start()
    outcome = run.execute()
    if outcome.error is not None:
        raise outcome.error


def _measure(run: Run, pipe: Connection) -> None:
    while not run.opened or not run.services.status()["mqtt"]["connected"]:
        time.sleep(0.05)
    pipe.send(getattr(run.services.get("web"), "address"))  # noqa: B009
    measured = Measured(run)
    pipe.recv()
    run.ask(measured.begin).result()
    pipe.send("begun")
    pipe.recv()
    pipe.send(run.ask(measured.end).result())
    pipe.recv()
    pipe.send(run.ask(measured.arrived).result())
    run.ask(run.stop)
