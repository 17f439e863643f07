"""Who is at the other end in `load.py`: an OSC flood, a page, a publisher, and the broker between."""

from __future__ import annotations

import json
import random
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from livegraph_osc.codec import read, write

OSC_A_SECOND, WEB_A_SECOND, HALL_A_SECOND = 5_000, 20, 10
MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def a_broker(folder: Path) -> Iterator[int]:
    """mosquitto, at a free port."""
    assert MOSQUITTO is not None
    port, file = free_port(), folder / "mosquitto.conf"
    file.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nlog_type none\nuser root\n")
    process = subprocess.Popen([MOSQUITTO, "-c", str(file)], stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(10)


def an_osc_client(port: int) -> socket.socket:
    """Once the run answers it."""
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect(("127.0.0.1", port))
    client.settimeout(0.2)
    for _ in range(100):
        try:
            client.send(write("/livegraph/ping", 1))
            assert read(client.recv(1_000))
            return client
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the run does not answer")


def flood(client: socket.socket, knobs: int, seconds: float) -> tuple[int, dict[str, float]]:
    """Evenly, a few at a time; returns how many, and the last value of each."""
    packets = [write(f"/livegraph/bank/p{number}", 0.0)[:-4] for number in range(knobs)]
    sent, last, began = 0, dict[str, float](), time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        while sent < (now - began) * OSC_A_SECOND:
            value = random.random()
            client.send(packets[sent % knobs] + struct.pack(">f", value))
            last[f"p{sent % knobs}"] = value
            sent += 1
        time.sleep(0.002)
    return sent, last


def mark(client: socket.socket, seconds: float) -> dict[float, int]:
    """Single changes, at any time within a period: when each was sent."""
    sent, until_s = dict[float, int](), time.monotonic() + seconds
    while time.monotonic() < until_s:
        value = float(len(sent) + 1)
        sent[value] = time.monotonic_ns()
        client.send(write("/livegraph/bank/mark", value))
        time.sleep(random.uniform(0.1, 0.2))
    return sent


def others(pipe: Connection, web: str, broker: int) -> None:
    """A page and a publisher, connected all the time. Told seconds, and whether to speak; tells what was set last, and
    what the page heard.
    """
    heard: dict[str, Any] = {}
    publisher = paho.Client(CallbackAPIVersion.VERSION2)
    publisher.connect("127.0.0.1", broker)
    publisher.loop_start()
    with connect(f"{web.replace('http', 'ws', 1)}/api/v1/control", proxy=None) as page:
        threading.Thread(target=_hear, args=(page, heard), daemon=True).start()
        pipe.send("ready")
        seconds, speak = pipe.recv()
        last = _speak(page, publisher, seconds) if speak else {}
        pipe.recv()
        pipe.send((last, heard))
    publisher.disconnect()
    publisher.loop_stop()


def _speak(page: ClientConnection, publisher: paho.Client, seconds: float) -> dict[str, float]:
    last, began = dict[str, float](), time.monotonic()
    for number in range(round(seconds * WEB_A_SECOND)):
        time.sleep(max(began + number / WEB_A_SECOND - time.monotonic(), 0))
        last["web"] = random.random()
        page.send(json.dumps({"type": "config.update", "values": {"bank.web": last["web"]}}))
        if number % (WEB_A_SECOND // HALL_A_SECOND) == 0:
            last["hall"] = random.random()
            publisher.publish("livegraph/load/bank/hall/set", f"{last['hall']:.9f}")
    return last


def _hear(page: ClientConnection, heard: dict[str, Any]) -> None:
    """Of each parameter the newest."""
    with suppress(ConnectionClosed):
        for message in page:
            told = json.loads(message)
            for address, value in told.get("values", {}).items():
                heard[address.removeprefix("bank.")] = value
