"""Real runs on real servers, at free ports of this machine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from webrtc_support import until

from livegraph import Serving
from livegraph.graph import plan_graph
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run
from livegraph.testing import ScriptedPlugin, run_plan


@dataclass
class Show:
    """A run that goes on in a thread of its own. `client` is what senders and watchers ask by."""

    run: Run
    said: list[str]
    client: httpx.AsyncClient
    outcomes: list[Outcome]

    def node(self, name: str) -> dict[str, Any]:
        status: dict[str, Any] = self.run.stats()["nodes"][name].get("status", {})
        return status


@asynccontextmanager
async def a_show(nodes: dict[str, Any], **headers: str) -> AsyncIterator[Show]:
    registry = Registry()
    assert registry.add(ScriptedPlugin(), "scripted").state == "loaded"
    plan = plan_graph({"livegraph": 1, "name": "show", "nodes": nodes}, registry=registry)
    said: list[str] = []
    outcomes: list[Outcome] = []
    run = Run(plan, registry=registry, serving=Serving(asked=True), say=said.append)
    thread = threading.Thread(target=lambda: outcomes.append(run_plan(run)))
    thread.start()
    await until(lambda: run.opened or not thread.is_alive(), within_s=30)
    server = await asyncio.to_thread(run.services.get, "web")
    async with httpx.AsyncClient(base_url=server.address, trust_env=False, headers=headers) as client:
        try:
            yield Show(run, said, client, outcomes)
        finally:
            run.ask(run.stop)
            await asyncio.to_thread(thread.join, 20)
