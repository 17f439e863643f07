"""SIGTERM while every kind of sink runs: peers are told, files are finished, and the program is gone soon."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

aiortc = pytest.importorskip("aiortc")
websockets = pytest.importorskip("websockets")

SOON_S = 3.0
NGINX = """
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log info;
events {{ worker_connections 64; }}
rtmp {{ server {{ listen 127.0.0.1:{port}; application live {{ live on; }} }} }}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def graph(rtmp: int, second: int) -> dict[str, Any]:
    seen, both = "scene", {"video": "scene", "audio": "sound"}
    return {
        "scene": {"use": "media.pattern", "params": {"size": "320x180"}},
        "sound": {"use": "media.microphone", "params": {"fallback": "tone"}},
        "record": {"use": "media.record", "in": both, "params": {"path": "out/show.mp4"}},
        "hls": {"use": "media.hls", "in": both, "params": {"path": "out/live/show.m3u8"}},
        "still": {"use": "media.still", "in": seen, "params": {"path": "out/still.png"}},
        "rtmp": {"use": "media.rtmp", "in": both, "params": {"url": f"rtmp://127.0.0.1:{rtmp}/live/show"}},
        "publish": {"use": "webrtc.publish", "in": both, "params": {"url": f"http://127.0.0.1:{second}/whip/cam"}},
        "whep": {"use": "webrtc.out", "in": both},
        "mjpeg": {"use": "web.mjpeg", "in": seen},
        "socket": {"use": "web.socket_out", "in": seen},
        "null": {"use": "media.null", "in": seen},
    }


SECOND = {"cam": {"use": "webrtc.in"}, "screen": {"use": "web.mjpeg", "in": "cam"}}


@contextmanager
def livegraph(folder: Path, nodes: dict[str, Any], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The program, until it has ended."""
    folder.mkdir()
    (folder / "graph.yaml").write_text(json.dumps({"livegraph": 1, "name": "show", "mode": "live", "nodes": nodes}))
    command = [sys.executable, "-m", "livegraph", "run", "graph.yaml", "--port", str(port), "--stats", "stats.json"]
    with (folder / "said.txt").open("wb") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


@contextmanager
def nginx(folder: Path, port: int) -> Iterator[Path]:
    """An RTMP server; its log."""
    log = folder / "error.log"
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    command = ["nginx", "-p", str(folder), "-e", str(log), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"})
    try:
        yield log
    finally:
        process.kill()
        process.wait()


def state(port: int, path: str = "/health") -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False).json()
    return found


def status(port: int, node: str) -> dict[str, Any]:
    told: dict[str, Any] = state(port, "/api/v1/graph")["stats"]["nodes"][node]["status"]
    return told


async def until(true: Callable[[], Any], process: subprocess.Popen[bytes], within_s: float = 60) -> None:
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        assert process.poll() is None, "it ended early"
        try:
            if await asyncio.to_thread(true):
                return
        except (httpx.TransportError, KeyError):
            pass
        await asyncio.sleep(0.1)
    raise AssertionError("it did not come to that")


async def watch_whep(base: str, told: asyncio.Event) -> None:
    """Watch until the other side ends it."""
    connection = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
    ways = [connection.addTransceiver(kind, "recvonly") for kind in ("video", "audio")]
    await connection.setLocalDescription(await connection.createOffer())
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"content-type": "application/sdp"}
        answer = await client.post(f"{base}/whep/whep", content=connection.localDescription.sdp, headers=headers)
    await connection.setRemoteDescription(aiortc.RTCSessionDescription(answer.text, "answer"))
    tracks = [way.receiver.track for way in ways]
    await asyncio.gather(*(track.recv() for track in tracks))
    told.set()
    with pytest.raises(aiortc.mediastreams.MediaStreamError):
        while True:
            await tracks[0].recv()
    await connection.close()


async def watch_mjpeg(base: str, began: asyncio.Event) -> None:
    """Read until the answer ends: an answer that is cut off raises."""
    async with (
        httpx.AsyncClient(trust_env=False, timeout=60) as client,
        client.stream("GET", f"{base}/mjpeg/mjpeg") as answer,
    ):
        async for _ in answer.aiter_bytes():
            began.set()


async def watch_socket(base: str, began: asyncio.Event) -> int:
    """The code that it is closed with."""
    async with websockets.connect(f"ws{base[4:]}/socket/socket", proxy=None) as connection:
        try:
            while True:
                await connection.recv()
                began.set()
        except websockets.ConnectionClosed as closed:
            return int(closed.rcvd.code) if closed.rcvd else -1


def test_all_are_told_and_all_files_are_finished(tmp_path: Path) -> None:
    first, second, rtmp = free_port(), free_port(), free_port()
    with (
        nginx(tmp_path, rtmp) as log,
        livegraph(tmp_path / "second", SECOND, second) as other,
        livegraph(tmp_path / "first", graph(rtmp, second), first) as process,
    ):
        took_s, closed = asyncio.run(stopped(process, first, log, lambda: status(second, "cam").get("receiving")))
        print(f"SIGTERM to the end: {took_s:.2f} s")
        assert process.returncode == 0, (tmp_path / "first" / "said.txt").read_text()
        assert closed in (1000, 1001, 1012)
        asyncio.run(until(lambda: not status(second, "cam").get("receiving"), other, within_s=2))
        assert "deleteStream" in log.read_text()
    finished(tmp_path / "first" / "out")
    assert took_s < SOON_S


async def stopped(
    process: subprocess.Popen[bytes], port: int, log: Path, received: Callable[[], Any]
) -> tuple[float, int]:
    """How long it took to end by SIGTERM while all watched, and the code by which the WebSocket was closed."""
    await until(lambda: state(port)["state"] in ("running", "degraded"), process)
    base, began = f"http://127.0.0.1:{port}", [asyncio.Event() for _ in range(3)]
    watching = [
        asyncio.create_task(watch(base, event))
        for watch, event in zip((watch_whep, watch_mjpeg, watch_socket), began, strict=True)
    ]
    await asyncio.wait_for(asyncio.gather(*(event.wait() for event in began)), 30)
    await until(received, process)
    await until(lambda: "publish: name=" in log.read_text(), process)
    await asyncio.sleep(2.0)  # of a show that is written down
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(process.wait, 30)
    took_s = time.monotonic() - asked
    _, _, closed = await asyncio.wait_for(asyncio.gather(*watching), 10)
    return took_s, closed


def finished(out: Path) -> None:
    with av.open(str(out / "show.mp4")) as film:
        assert film.duration is not None and film.duration > 2_000_000
        assert {stream.type for stream in film.streams} == {"video", "audio"}
        assert sum(1 for _ in film.decode(video=0)) > 30
    assert (out / "live" / "show.m3u8").read_text().rstrip().endswith("#EXT-X-ENDLIST")
    assert (out / "still.png").stat().st_size > 1000
