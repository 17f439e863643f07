"""A run with real doors, and a client at each: HTTP, WebSocket, OSC, and MQTT where a broker is."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from livegraph import Serving
from livegraph.graph.plan import Plan
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run
from livegraph.testing import ScriptedPlugin, run_plan

PLUGINS = Path(__file__).parents[1] / "plugins"
sys.path[:0] = [str(PLUGINS / f"livegraph-{name}" / "tests") for name in ("mqtt", "osc")]

TO_START_S = 20.0
WITHIN_S = 10.0


def until(true: Callable[[], Any], within_s: float = WITHIN_S) -> None:
    """Wait for something to become true."""
    ends = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.01)


@dataclass
class Show:
    """A run that goes on in a thread of its own."""

    run: Run
    thread: threading.Thread
    outcomes: list[Outcome]

    @property
    def url(self) -> str:
        server: Any = self.run.services.get("web")
        return str(server.address)

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=WITHIN_S)

    @property
    def osc_port(self) -> int:
        return int(self.run.services.status()["osc"]["port"])

    def on_loop(self, function: Callable[[], Any]) -> Any:
        return self.run.ask(function).result(WITHIN_S)

    def get(self, address: str) -> Any:
        return self.on_loop(lambda: self.run.bus.get(address))

    def refused(self) -> dict[str, dict[str, int]]:
        """What each door counted."""
        return {name: dict(door.refused) for name, door in self.run.doors.items()}

    def stop(self) -> Outcome:
        if self.thread.is_alive():
            self.run.ask(self.run.stop)
        self.thread.join(20)
        return self.outcomes[0]


def registry_with(*plugins: object) -> Registry:
    registry = Registry()
    for number, plugin in enumerate((ScriptedPlugin(), *plugins)):
        assert registry.add(plugin, f"test-{number}").state == "loaded"
    return registry


@contextmanager
def a_show(plan: Plan, registry: Registry) -> Iterator[Show]:
    """The run of a plan, served on a free port; begun, and connected to its broker where it has one."""
    outcomes: list[Outcome] = []
    run = Run(plan, registry=registry, serving=Serving(asked=True))
    thread = threading.Thread(target=lambda: outcomes.append(run_plan(run)))
    show = Show(run, thread, outcomes)
    thread.start()
    try:
        until(lambda: run.opened or not thread.is_alive(), TO_START_S)
        assert run.opened, outcomes[0].error
        if any(controller.name == "mqtt" for controller in plan.controllers):
            until(lambda: run.services.status()["mqtt"]["connected"])
        yield show
    finally:
        show.stop()


class Socket:
    """One who talks over `/api/v1/control`, and takes note of the newest value of everything."""

    def __init__(self, url: str) -> None:
        self._connect = connect(f"{url.replace('http', 'ws', 1)}/api/v1/control", proxy=None)
        self._socket: ClientConnection
        self.values: dict[str, tuple[int, Any]] = {}
        """By address: the newest revision, and the value with it."""
        self.revision = 0
        self.errors: list[str] = []
        self.heard: list[str] = []
        """Everything, as it came."""

    def __enter__(self) -> Socket:
        self._socket = self._connect.__enter__()
        self.hear("config.current")
        return self

    def __exit__(self, *error: Any) -> None:
        self._connect.__exit__(*error)

    @property
    def here(self) -> str:
        """`host:port` of this end, by which the run calls it."""
        host, port = self._socket.local_address[:2]
        return f"{host}:{port}"

    def say(self, message: Mapping[str, Any]) -> None:
        self._socket.send(json.dumps(message))

    def ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The answer, or the error, that comes to a message."""
        self.say({**message, "id": "asked"})
        while (answer := self.hear()).get("id") != "asked":
            pass
        return answer

    def hear(self, *kinds: str) -> dict[str, Any]:
        """The next message, of one of these kinds where any are named."""
        while True:
            message = self._next(WITHIN_S)
            if not kinds or message["type"] in kinds:
                return message

    def listen(self, seconds: float) -> None:
        """Take note of all that comes meanwhile."""
        ends = time.monotonic() + seconds
        with suppress(TimeoutError):
            while (left := ends - time.monotonic()) > 0:
                self._next(left)

    def _next(self, within_s: float) -> dict[str, Any]:
        text = str(self._socket.recv(within_s))
        self.heard.append(text)
        message: dict[str, Any] = json.loads(text)
        if message["type"] == "error":
            self.errors.append(message["message"])
        if message["type"].startswith("config.") and "values" in message:
            revision = message["revision"]
            self.revision = max(self.revision, revision)
            for address, value in message["values"].items():
                if revision >= self.values.get(address, (-1, None))[0]:
                    self.values[address] = (revision, value)
        return message
