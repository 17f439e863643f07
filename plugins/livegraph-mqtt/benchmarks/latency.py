"""Milliseconds from a change published at a broker to the first frame that shows it: python benchmarks/latency.py

A real mosquitto, `livegraph run` in a process of its own with a passthrough graph at 30 fps, and a client here. Changes
come at random moments of a frame's period. The clock is the machine's monotonic one, the same for all processes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import yaml
from paho.mqtt.enums import CallbackAPIVersion

HERE = Path(__file__).parent
PERIOD_MS = 1e3 / 30
BAR_MS = 2 * PERIOD_MS


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def running(command: list[str], **options: object) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def broker_command(folder: Path, port: int) -> list[str]:
    file = folder / "mosquitto.conf"
    file.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nlog_type none\nset_tcp_nodelay true\n")
    return [shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(file)]


def run_command(folder: Path, broker: int, screen: int, version: str) -> list[str]:
    graph = {
        "livegraph": 1,
        "name": "bench",
        "nodes": {
            "camera": {"use": "media.pattern", "params": {"fps": 30}},
            "knob": {"use": "probe.knob", "in": "camera"},
            "screen": {"use": "probe.screen", "in": "knob", "params": {"port": screen}},
        },
        "controllers": {"mqtt": {"host": "127.0.0.1", "port": broker, "version": version}},
    }
    file = folder / "bench.yaml"
    file.write_text(yaml.safe_dump(graph))
    return [str(Path(sys.executable).with_name("livegraph")), "run", str(file), "--quiet"]


def with_probe(folder: Path) -> dict[str, str]:
    """An environment in which the probe is an installed plugin."""
    info = folder / "livegraph_mqtt_probe-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: livegraph-mqtt-probe\nVersion: 0\n")
    (info / "entry_points.txt").write_text("[livegraph]\nprobe = livegraph_mqtt_probe\n")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(HERE)])}


class Client:
    """Publishes, and knows when the run is there."""

    def __init__(self, port: int) -> None:
        self.online = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("livegraph/bench/stats")
        self._client.on_message = lambda *_: self.online.set()
        deadline = time.monotonic() + 10
        while True:
            try:
                self._client.connect("127.0.0.1", port)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self._client.loop_start()

    def change(self, value: int) -> int:
        """When it was published."""
        at = time.monotonic_ns()
        self._client.publish("livegraph/bench/knob/value/set", str(value))
        return at

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def latencies(client: Client, shown: socket.socket, changes: int) -> list[float]:
    chance = random.Random(1)
    took = []
    for value in range(1, changes + 1):
        time.sleep(0.2 + chance.random() * PERIOD_MS / 1e3)
        at = client.change(value)
        while True:
            seen, when = map(int, shown.recv(100).split())
            if seen == value:
                took.append((when - at) / 1e6)
                break
    return took


def measure(changes: int, version: str) -> list[float]:
    shown = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    shown.bind(("127.0.0.1", 0))
    shown.settimeout(10)
    port = free_port()
    with tempfile.TemporaryDirectory() as name, shown:
        folder = Path(name)
        folder.chmod(0o755)  # mosquitto, started by root, becomes another user
        command = run_command(folder, port, shown.getsockname()[1], version)
        with running(broker_command(folder, port)), running(command, env=with_probe(folder)):
            client = Client(port)
            if not client.online.wait(60):
                raise SystemExit("the run did not come up")
            time.sleep(2)  # it warms, and finds its pace
            took = latencies(client, shown, changes)
            client.close()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--version", choices=("3.1.1", "5"), default="3.1.1")
    asked = parser.parse_args()
    took = sorted(measure(asked.changes, asked.version))
    p95 = took[max(round(0.95 * len(took)) - 1, 0)]
    figures = {"changes": len(took), "p50_ms": statistics.median(took), "p95_ms": p95, "max_ms": took[-1]}
    shown = {name: round(figure, 1) for name, figure in figures.items()}
    sys.stdout.write(json.dumps({**shown, "bar_ms": round(BAR_MS, 1), "met": p95 <= BAR_MS}) + "\n")


if __name__ == "__main__":
    main()
