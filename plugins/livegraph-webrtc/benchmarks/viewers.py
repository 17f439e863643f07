"""What one more viewer costs, and how long they wait for the first picture.

    python plugins/livegraph-webrtc/benchmarks/viewers.py [--size 1280x720] [--viewers 10] [--seconds 10] [--rounds 3]

`livegraph run` goes on in a process of its own, whose CPU time is counted; the viewers are in another, report as
browsers do, and decode nothing. A round measures with one viewer and with all. A viewer's wait is from its request
until the last packet of its first keyframe.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

SDP = {"content-type": "application/sdp"}
SPS = re.compile(rb"\x00?\x00\x00\x01[\x07\x27\x47\x67]")
"""What a keyframe begins with: a sequence parameter set (ITU-T H.264, table 7-1)."""
SETTLE_S = 3.0


class Ignoring:
    """In the place of aiortc's jitter buffer: nothing is put together, and so nothing is decoded."""

    def __init__(self) -> None:
        self.keyframe = asyncio.Event()
        self._begun: int | None = None

    def add(self, packet: Any) -> tuple[bool, None]:
        if SPS.match(packet._data):
            self._begun = packet.timestamp
        if packet.marker and packet.timestamp == self._begun:
            self.keyframe.set()
        return False, None


class Viewer:
    """Watches by WHEP."""

    def __init__(self) -> None:
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._packets = Ignoring()
        receiver = self._connection.addTransceiver("video", "recvonly").receiver
        receiver._RTCRtpReceiver__jitter_buffer = self._packets  # type: ignore[attr-defined]

    async def join(self, client: httpx.AsyncClient) -> float:
        """Seconds until the first keyframe is there."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        asked_s = time.monotonic()
        answer = await client.post("/whep/out", content=self._connection.localDescription.sdp, headers=SDP)
        answer.raise_for_status()
        await self._connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        await self._packets.keyframe.wait()
        return time.monotonic() - asked_s

    async def leave(self) -> None:
        await self._connection.close()


async def receive(address: str, count: int) -> None:
    """One after the other; they stay until the input ends."""
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as client:
        viewers = [Viewer() for _ in range(count)]
        waits = [await viewer.join(client) for viewer in viewers]
        sys.stdout.write(json.dumps(waits) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        for viewer in viewers:
            await viewer.leave()


@asynccontextmanager
async def receivers(address: str, count: int) -> AsyncIterator[list[float]]:
    """Viewers in another process, and how long each waited."""
    command = [sys.executable, __file__, "--receive", address, str(count)]
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdin is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


@contextmanager
def show(size: str) -> Iterator[tuple[psutil.Process, str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    scene = {"use": "media.pattern", "params": {"size": size, "fps": 30}}
    nodes = {"scene": scene, "out": {"use": "webrtc.out", "in": "scene"}}
    program = str(Path(sys.executable).with_name("livegraph"))
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "viewers.yaml"
        graph.write_text(json.dumps({"livegraph": 1, "name": "viewers", "nodes": nodes}))
        with subprocess.Popen([program, "run", str(graph), "--port", str(port), "--quiet"]) as process:
            try:
                yield psutil.Process(process.pid), f"http://127.0.0.1:{port}"
            finally:
                process.send_signal(signal.SIGINT)


@dataclass
class Figures:
    """Of one stretch of time. `fps`: pictures a second that each viewer was sent, on average."""

    cores: float
    fps: float


async def figures(process: psutil.Process, address: str, seconds: float) -> Figures:
    await asyncio.sleep(SETTLE_S)
    sent, before, began_s = await pictures(address), process.cpu_times(), time.monotonic()
    await asyncio.sleep(seconds)
    after, took_s = process.cpu_times(), time.monotonic() - began_s
    fps = (await pictures(address) - sent) / took_s
    return Figures((after.user + after.system - before.user - before.system) / took_s, fps)


async def pictures(address: str) -> float:
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        connections = (await client.get("/health")).json()["nodes"]["out"]["status"]["connections"]
    return statistics.mean(connection["pictures"] for connection in connections)


async def measure(size: str, viewers: int, seconds: float, rounds: int) -> None:
    ones, alls, waits = list[Figures](), list[Figures](), list[float]()
    with show(size) as (process, address):
        await running(address)
        for _ in range(rounds):
            async with receivers(address, 1) as first:
                ones.append(await figures(process, address, seconds))
            async with receivers(address, viewers) as others:
                alls.append(await figures(process, address, seconds))
            waits += first + others
    one, many = (statistics.median(found.cores for found in each) for each in (ones, alls))
    further = statistics.median((b.cores - a.cores) / (viewers - 1) for a, b in zip(ones, alls, strict=True))
    fps = statistics.median(found.fps for found in alls)
    sys.stdout.write(
        f"{size} 30 fps, medians of {rounds}: 1 viewer {one:.2f} cores, {viewers} viewers {many:.2f} "
        f"({many / one:.2f} x) at {fps:.1f} fps each, {further:.3f} per further viewer; "
        f"first keyframe after {statistics.median(waits):.2f} s, at most {max(waits):.2f} s\n"
    )


async def running(address: str) -> None:
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        for _ in range(100):
            try:
                if (await client.get("/health")).json()["state"] == "running":
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)
    raise SystemExit("livegraph does not start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--viewers", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--receive", nargs=2, metavar=("ADDRESS", "COUNT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.receive:
        asyncio.run(receive(options.receive[0], int(options.receive[1])))
        return
    load = os.getloadavg()[0]
    sys.stdout.write(f"{platform.machine()} {platform.system()}, {psutil.cpu_count()} cores, load before: {load:.1f}\n")
    asyncio.run(measure(options.size, options.viewers, options.seconds, options.rounds))


if __name__ == "__main__":
    main()
