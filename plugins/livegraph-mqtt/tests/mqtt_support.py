"""Brokers, clients and runs of the tests' own, on free ports of this machine."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from livegraph import Frame, In, Node, NodeSpec, Out, Param, hookimpl
from livegraph.graph import plan_graph
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run
from livegraph.testing import ScriptedPlugin, run_plan
from livegraph.types import AnyPort

PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")  # Debian has it beside the path
NEEDED = [pytest.mark.servers, pytest.mark.skipif(PROGRAM is None, reason="mosquitto is not installed")]


def needs_a_broker(test: Any) -> Any:
    """For one test of a file."""
    for mark in NEEDED:
        test = mark(test)
    return test


BASE = "livegraph/show"
DEVICE_TOPIC = "homeassistant/device/livegraph-show/config"
TO_START_S = 20.0


def until(true: Callable[[], Any], within_s: float = 15.0) -> None:
    """Wait for something to become true."""
    ends = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Stamp(Node):
    """Each frame becomes the parameter's value."""

    video: In[AnyPort]
    out: Out[AnyPort]
    level: float = Param(0.0, live=True, doc="what the frame becomes")
    path: str = Param("here", remote=False, doc="of this machine")

    async def process(self, video: Frame) -> Frame:
        return video.with_data(self.params.level)


class Plugin:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("test.stamp", Stamp)]


class Mosquitto:
    """A broker that starts, stops, and starts again at the same port. It keeps nothing on disk."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.port = free_port()
        self._file = folder / f"mosquitto-{self.port}.conf"
        self._process: subprocess.Popen[bytes] | None = None
        access = () if any(line.startswith("password_file") for line in lines) else ("allow_anonymous true",)
        # as root it would become another user, who may not read a test's files
        self._file.write_text("\n".join([f"listener {self.port} 127.0.0.1", "user root", *access, *lines, ""]))

    def start(self) -> None:
        assert PROGRAM is not None
        self._process = subprocess.Popen([PROGRAM, "-c", str(self._file)], stderr=subprocess.DEVNULL)
        until(self._answers)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _answers(self) -> bool:
        with socket.socket() as trial:
            return trial.connect_ex(("127.0.0.1", self.port)) == 0


class Watcher:
    """A client that sees everything, and keeps the newest of each topic."""

    def __init__(self, broker: Mosquitto, prepare: Callable[[paho.Client], None] = lambda client: None) -> None:
        self.newest: dict[str, str] = {}
        self.retained: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
        self._client.on_connect = lambda client, *_: client.subscribe([("#", 0)])
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._got
        prepare(self._client)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        assert self._subscribed.wait(10)

    def say(self, topic: str, payload: str | bytes, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def sees(self, topic: str, text: str, within_s: float = 15.0) -> None:
        until(lambda: self.newest.get(topic) == text, within_s)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _got(self, client: paho.Client, data: Any, message: paho.MQTTMessage) -> None:
        text = message.payload.decode("utf-8", "replace")
        self.newest[message.topic] = text
        self.counts[message.topic] += 1
        if message.retain:
            self.retained[message.topic] = text


@dataclass
class Show:
    """A run that goes on in a thread of its own, and what it said."""

    run: Run
    said: list[str]
    thread: threading.Thread
    outcomes: list[Outcome]
    kept: dict[str, Any]

    def values(self) -> dict[str, Any]:
        return self.run.ask(self.run.bus.values).result(10)

    @property
    def door(self) -> dict[str, Any]:
        return self.run.doors["mqtt"].document()

    @property
    def status(self) -> Any:
        return self.run.services.status()["mqtt"]

    def stop(self) -> Outcome:
        if self.thread.is_alive():
            self.run.ask(self.run.stop)
        self.thread.join(20)
        return self.outcomes[0]


def graph(port: int, **controller: Any) -> dict[str, Any]:
    """A source, an edge detector whose threshold follows a topic, and a sink."""
    return {
        "livegraph": 1,
        "name": "show",
        "mode": "live",
        "nodes": {
            "scene": {"use": "media.pattern", "params": {"size": "160x90", "fps": 30}},
            "level": {"use": "mqtt.signal", "params": {"topic": "hall/light", "path": "lux.0", "default": 100}},
            "edges": {"use": "vision.canny", "in": "scene", "params": {"high": {"from": "level"}}},
            "trail": {"use": "vision.temporal_blend", "in": "edges"},
            "end": {"use": "media.null", "in": "trail"},
        },
        "controls": {"trail": {"target": "trail.ratio", "range": [0, 0.9]}, "detail": "edges.low"},
        "presets": {"pencil": {"detail": 40, "trail": 0.2}, "marker": {"detail": 200}},
        "controllers": {"mqtt": {"host": "127.0.0.1", "port": port, "statistics": 0.2, **controller}},
    }


@contextmanager
def a_show(document: dict[str, Any], *, connected: bool = True) -> Iterator[Show]:
    registry, scripted = Registry(), ScriptedPlugin()
    for name, plugin in (("scripted", scripted), ("test", Plugin())):
        assert registry.add(plugin, name).state == "loaded"
    plan = plan_graph(document, registry=registry)
    said: list[str] = []
    outcomes: list[Outcome] = []
    run = Run(plan, registry=registry, say=said.append)
    thread = threading.Thread(target=lambda: outcomes.append(run_plan(run)))
    show = Show(run, said, thread, outcomes, scripted.kept)
    thread.start()
    try:
        until(lambda: run.opened or not thread.is_alive(), TO_START_S)
        until(lambda: not connected or show.status["connected"])
        yield show
    finally:
        show.stop()
