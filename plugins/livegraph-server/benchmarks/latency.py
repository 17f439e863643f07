"""Milliseconds from a change over HTTP, and over the WebSocket, to the first frame that shows it: python latency.py

`livegraph run` in a process of its own with a passthrough graph at 30 fps, and a client here. Changes come at random
moments of a frame's period. The clock is the machine's monotonic one, the same for both processes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import yaml
from websockets.sync.client import connect

HERE = Path(__file__).parent
PERIOD_MS = 1e3 / 30
BAR_MS = 2 * PERIOD_MS
TO_START_S = 60.0

Change = Callable[[int], None]
"""Sends a value."""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def graph(screen: int) -> dict[str, object]:
    return {
        "livegraph": 1,
        "name": "bench",
        "nodes": {
            "camera": {"use": "media.pattern", "params": {"fps": 30}},
            "knob": {"use": "probe.knob", "in": "camera"},
            "screen": {"use": "probe.screen", "in": "knob", "params": {"port": screen}},
        },
    }


def with_probe(folder: Path) -> dict[str, str]:
    """An environment in which the probe is an installed plugin."""
    info = folder / "livegraph_control_probe-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: livegraph-control-probe\nVersion: 0\n")
    (info / "entry_points.txt").write_text("[livegraph]\nprobe = livegraph_control_probe\n")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(HERE)])}


@contextmanager
def running(folder: Path, screen: int) -> Iterator[str]:
    """The address of a run that goes on."""
    file, port = folder / "bench.yaml", free_port()
    file.write_text(yaml.safe_dump(graph(screen)))
    livegraph = Path(sys.executable).with_name("livegraph")
    command = [str(livegraph), "run", str(file), "--serve", "--port", str(port), "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=with_probe(folder))
    try:
        begun(f"http://127.0.0.1:{port}")
        time.sleep(2)  # it finds its pace
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def begun(address: str) -> None:
    """Wait until the run goes on."""
    deadline = time.monotonic() + TO_START_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/health", trust_env=False).json()["state"] == "running":
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit("the run did not come up")


@contextmanager
def by_http(address: str) -> Iterator[Change]:
    with httpx.Client(base_url=address, trust_env=False) as client:

        def change(value: int) -> None:
            client.put("/api/v1/params/knob/value", json={"value": value}).raise_for_status()

        yield change


@contextmanager
def by_websocket(address: str) -> Iterator[Change]:
    with connect(f"{address.replace('http', 'ws', 1)}/api/v1/control", proxy=None) as client:

        def change(value: int) -> None:
            with suppress(TimeoutError):
                while client.recv(0):  # answers to the last one, and figures
                    pass
            client.send(json.dumps({"type": "config.update", "values": {"knob.value": value}}))

        yield change


def latencies(change: Change, values: range, shown: socket.socket) -> list[float]:
    chance = random.Random(1)
    took = []
    for value in values:
        time.sleep(0.05 + chance.random() * PERIOD_MS / 1e3)
        at = time.monotonic_ns()
        change(value)
        while True:
            seen, when = map(int, shown.recv(100).split())
            if seen == value:
                took.append((when - at) / 1e6)
                break
    return took


def figures(took: list[float]) -> dict[str, float | bool]:
    took = sorted(took)
    p95 = took[max(round(0.95 * len(took)) - 1, 0)]
    found = {"changes": len(took), "p50_ms": statistics.median(took), "p95_ms": p95, "max_ms": took[-1]}
    return {**{name: round(figure, 1) for name, figure in found.items()}, "met": p95 <= BAR_MS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=200)
    changes = parser.parse_args().changes
    shown = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    shown.bind(("127.0.0.1", 0))
    shown.settimeout(10)
    told: dict[str, object] = {"bar_ms": round(BAR_MS, 1)}
    with tempfile.TemporaryDirectory() as folder, shown, running(Path(folder), shown.getsockname()[1]) as address:
        for number, (name, way) in enumerate({"http": by_http, "websocket": by_websocket}.items()):
            with way(address) as change:
                told[name] = figures(latencies(change, range(number * changes + 1, (number + 1) * changes + 1), shown))
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
