"""Real runs with real servers, on free ports of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx

from livegraph import Serving
from livegraph.graph import plan_graph
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run
from livegraph.testing import ScriptedPlugin, run_plan
from livegraph_server import Server

TO_START_S = 20.0
SCENE = {"use": "media.pattern", "params": {"size": "320x180"}}
WATCHED = {"scene": SCENE, "web": {"use": "web.mjpeg", "in": "scene"}}
BLENDED = {
    "scene": SCENE,
    "blend": {"use": "vision.temporal_blend", "in": "scene"},
    "end": {"use": "test.collect", "in": "blend"},
}
KNOBS = {
    "controls": {"calm": {"target": "blend.ratio", "range": [0, 0.8]}},
    "presets": {"still": {"calm": 0.7}, "sharp": {"calm": 0.1}},
}
UNWATCHED = {"scene": {"use": "test.source"}, "end": {"use": "test.collect", "in": "scene"}}


def until(true: Callable[[], Any], within_s: float = 10.0) -> None:
    """Wait for something to become true."""
    ends = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.01)


@dataclass
class Show:
    """A run that goes on in a thread of its own, its server, and what it said."""

    run: Run
    said: list[str]
    thread: threading.Thread
    outcomes: list[Outcome]
    kept: dict[str, Any]

    @property
    def server(self) -> Server:
        found = self.run.services.get("web")
        assert isinstance(found, Server)
        return found

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.server.address, trust_env=False, **options)

    def stop(self) -> Outcome:
        if self.thread.is_alive():
            self.run.ask(self.run.stop)
        self.thread.join(20)
        return self.outcomes[0]


Play: TypeAlias = Callable[..., Show]


def held(show: Show) -> list[int]:
    """Bytes that the server holds for each connection, because the other side does not read."""
    state: Any = show.server._uvicorn.server_state
    return [each.transport.get_write_buffer_size() for each in list(state.connections)]


@contextmanager
def a_show(
    nodes: dict[str, Any], plugins: tuple[object, ...] = (), opened: bool = True, more: Any = None, **serving: Any
) -> Iterator[Show]:
    registry = Registry()
    scripted = ScriptedPlugin()
    for number, plugin in enumerate((scripted, *plugins)):
        assert registry.add(plugin, f"test-{number}").state == "loaded"
    plan = plan_graph({"livegraph": 1, "name": "show", "nodes": nodes, **(more or {})}, registry=registry)
    said: list[str] = []
    outcomes: list[Outcome] = []
    run = Run(plan, registry=registry, serving=Serving(**{"asked": True, **serving}), say=said.append)
    thread = threading.Thread(target=lambda: outcomes.append(run_plan(run)))
    show = Show(run, said, thread, outcomes, scripted.kept)
    thread.start()
    try:
        until(lambda: run.opened or not thread.is_alive() or not opened, TO_START_S)
        yield show
    finally:
        show.stop()
