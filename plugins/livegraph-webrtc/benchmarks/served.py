"""A graph that `livegraph run` serves in a process of its own: what the benchmarks have in common."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

PATIENCE_S = 60.0


@asynccontextmanager
async def served(nodes: Mapping[str, Any]) -> AsyncIterator[tuple[httpx.AsyncClient, psutil.Process]]:
    """Whom to ask, and the process, from when its gates are open until it is told to stop. `SystemExit` where it does
    not start.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "bench.yaml"
        graph.write_text(json.dumps({"livegraph": 1, "name": "bench", "nodes": dict(nodes)}))
        program = str(Path(sys.executable).with_name("livegraph"))
        show = await asyncio.create_subprocess_exec(
            program, "run", str(graph), "--serve", "--port", str(port), "--quiet"
        )
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
                await _running(client)
                yield client, psutil.Process(show.pid)
        finally:
            show.send_signal(signal.SIGINT)
            await show.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


async def _running(client: httpx.AsyncClient) -> None:
    for _ in range(round(PATIENCE_S / 0.2)):
        try:
            if (await client.get("/health")).json()["state"] == "running":
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.2)
    raise SystemExit("livegraph does not start")
