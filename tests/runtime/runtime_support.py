"""What the runtime's tests share: graphs as documents, plugins of a few nodes, and runs to which something is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from livegraph import Node, NodeSpec, hookimpl
from livegraph.graph import plan_graph
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run
from livegraph.testing import RunResult, ScriptedPlugin, VirtualClock, VirtualLoop


def graph(nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"livegraph": 1, "name": "test", "mode": "live", "nodes": nodes, **more}


def chain(*services: float, fps: float = 30.0, **params: Any) -> dict[str, Any]:
    """A source, nodes that take so many milliseconds each, and a sink."""
    nodes: dict[str, Any] = {"src": {"use": "test.source", "params": {"fps": fps}}}
    last = "src"
    for number, service in enumerate(services):
        last, before = f"n{number}", last
        nodes[last] = {"use": "test.slow", "in": before, "params": {"service_ms": service, **params}}
    nodes["out"] = {"use": "test.collect", "in": last}
    return nodes


def plugin(**nodes: type[Node]) -> object:
    """A plugin that brings these classes as `test.<name>`."""

    class Plugin:
        livegraph_api = "1"

        @hookimpl
        def livegraph_nodes(self) -> list[NodeSpec]:
            return [NodeSpec(f"test.{name}", cls) for name, cls in nodes.items()]

    return Plugin()


def prepared(document: Mapping[str, Any], *plugins: object) -> tuple[Run, ScriptedPlugin]:
    scripted = ScriptedPlugin()
    registry = Registry(discover=False)
    for number, brought in enumerate((scripted, *plugins)):
        assert registry.add(brought, str(number)).state == "loaded"
    return Run(plan_graph(document, registry=registry)), scripted


def play(
    document: Mapping[str, Any],
    duration_s: float | None,
    at: Mapping[float, Callable[[Run], Any]],
    *plugins: object,
    virtual: bool = True,
) -> tuple[Run, Outcome, ScriptedPlugin]:
    """Run, doing something to the run at given moments; on virtual time unless nodes have threads."""
    run, scripted = prepared(document, *plugins)

    async def main() -> Outcome:
        loop = asyncio.get_running_loop()
        for when, action in at.items():
            loop.call_later(when, action, run)
        return await run.main(duration_s, clock=VirtualClock(loop) if isinstance(loop, VirtualLoop) else None)

    loop = VirtualLoop(7) if virtual else asyncio.SelectorEventLoop()
    try:
        return run, loop.run_until_complete(main()), scripted
    finally:
        loop.close()


def balanced(outcome: Outcome) -> bool:
    """Every ticket that was issued has settled."""
    return bool(outcome.stats["tickets"]["issued"] == outcome.stats["tickets"]["settled"])


def longest_pause_s(result: RunResult, sink: str) -> float:
    times = result.presented_ns(sink)
    return max(b - a for a, b in pairwise(times)) / 1e9
