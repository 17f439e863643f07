"""5,000 messages a second on 50 parameters, against the same run left alone: `python load.py [--seconds 60]`.

Also how long a change takes to the first frame that has it, in frame periods. The graph runs in its own process.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import socket
import time
from multiprocessing.connection import Connection
from typing import Any

import psutil  # type: ignore[import-untyped]

from livegraph import EndOfStream, Frame, In, Node, NodeSpec, Out, Param, Params, Sink, Source, hookimpl
from livegraph.graph import plan_graph
from livegraph.params import param_model
from livegraph.registry import Registry
from livegraph.runtime.run import Run
from livegraph.testing import run_plan
from livegraph.types import AnyPort
from livegraph_osc.codec import read, write

PERIOD_NS = 33_333_333
KNOBS, RATE = 50, 5_000
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
    mark: float = Param(0.0, live=True, doc="what the latency is measured by")

    async def process(self, video: Frame) -> Frame:
        return video.with_data(self.params.mark)


class End(Sink):
    video: In[AnyPort]

    async def process(self, video: Frame) -> None:
        if not seen or seen[-1][1] != video.data:
            seen.append((time.monotonic_ns(), video.data))


def _many() -> type[Params]:
    fields = {f"p{number}": (float, Param(0.0, live=True, doc="one of many")) for number in range(KNOBS)}
    return param_model("Bank", {**fields, "mark": (float, Param(0.0, live=True, doc="mark"))})


class Plugin:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        Bank.Params = _many()
        return [NodeSpec("load.ticks", Ticks), NodeSpec("load.bank", Bank), NodeSpec("load.end", End)]


def serve(pipe: Connection, seconds: float) -> None:
    """The run, in its own process. Says its port; in the end what it saw."""
    registry = Registry()
    registry.add(Plugin(), "load")
    document = {
        "livegraph": 1,
        "name": "load",
        "mode": "live",
        "nodes": {
            "src": {"use": "load.ticks"},
            "bank": {"use": "load.bank", "in": "src"},
            "end": {"use": "load.end", "in": "bank"},
        },
        "controllers": {"osc": {"port": pipe.recv()}},
    }
    run = Run(plan_graph(document, registry=registry), registry=registry)
    pipe.send("ready")
    outcome = run_plan(run, duration_s=seconds)
    latest = {knob: run.bus.get(f"bank.{knob}") for knob in Bank.Params.model_fields}
    pipe.send((outcome.stats, latest, seen))


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def flood(client: socket.socket, until_s: float) -> tuple[int, dict[str, float]]:
    """Evenly, 50 at a time; returns how many, and the last value of each."""
    sent, last, began = 0, {}, time.monotonic()
    while (now := time.monotonic()) < until_s:
        while sent < (now - began) * RATE:
            name, value = f"p{sent % KNOBS}", random.random()
            client.send(write(f"/livegraph/bank/{name}", value))
            last[name] = value
            sent += 1
        time.sleep(0.002)
    return sent, last


def mark(client: socket.socket, until_s: float) -> dict[float, int]:
    """Single changes, at any time within a period: when each was sent."""
    sent: dict[float, int] = {}
    while time.monotonic() < until_s:
        value = float(len(sent) + 1)
        sent[value] = time.monotonic_ns()
        client.send(write("/livegraph/bank/mark", value))
        time.sleep(random.uniform(0.1, 0.2))
    return sent


def measure(what: str, seconds: float) -> dict[str, Any]:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, seconds + 2))
    process.start()
    port = free_port()
    ours.send(port)
    ours.recv()
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect(("127.0.0.1", port))
    answers(client)
    watched = psutil.Process(process.pid)
    rss, cpu_s, until_s = watched.memory_info().rss, sum(watched.cpu_times()[:2]), time.monotonic() + seconds
    sent, last, marks = 0, dict[str, float](), dict[float, int]()
    if what == "load":
        sent, last = flood(client, until_s)
    elif what == "marks":
        marks = mark(client, until_s)
    else:
        time.sleep(seconds)
    grown, used_s = watched.memory_info().rss - rss, sum(watched.cpu_times()[:2]) - cpu_s
    stats, latest, saw = ours.recv()
    process.join()
    return {
        "run": what,
        "frames": stats["sinks"]["end"]["frames"],
        "age_p95_ms": stats["sinks"]["end"]["age_ms"]["p95"],
        "cpu": round(used_s / seconds, 3),
        "rss_growth_mb": round(grown / 1e6, 2),
        **({"sent_a_second": round(sent / seconds), "last_wins": near(latest, last)} if sent else {}),
        **({"periods_p95": periods(marks, saw), "marks": len(marks)} if marks else {}),
        "door": stats["control"]["doors"]["osc"],
    }


def answers(client: socket.socket) -> None:
    """Wait for the controller."""
    client.settimeout(0.2)
    for _ in range(100):
        try:
            client.send(write("/livegraph/ping", 1))
            assert read(client.recv(1_000))
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the run does not answer")


def near(latest: dict[str, float], last: dict[str, float]) -> bool:
    """Values travel in 32 bits."""
    return all(abs(latest[name] - value) < 1e-6 for name, value in last.items())


def periods(marks: dict[float, int], saw: list[tuple[int, float]]) -> float:
    took = sorted((at_ns - marks[value]) / PERIOD_NS for at_ns, value in saw if value in marks)
    return round(took[int(len(took) * 0.95)], 2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    for what in ("idle", "load", "idle", "marks"):
        print(json.dumps(measure(what, seconds)))  # noqa: T201
