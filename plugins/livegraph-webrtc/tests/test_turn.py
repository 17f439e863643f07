"""A real coturn on loopback: nothing goes but by its relay."""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiortc import RTCConfiguration, RTCIceServer
from aiortc.rtcconfiguration import RTCIceTransportPolicy
from webrtc_support import Feeder, Reader, Sender, Watcher, stage

from livegraph_webrtc.ice import rest_server
from livegraph_webrtc.input import WebRtcIn
from livegraph_webrtc.output import WebRtcOut

pytestmark = pytest.mark.servers
SECRET = "a secret that coturn shares"


@asynccontextmanager
async def coturn(folder: Path, *how: str) -> AsyncIterator[str]:
    """Listens at a free port of loopback; its address."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("coturn is not installed: scripts/setup --servers")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = ["-n", "--no-cli", "--no-tls", "--no-dtls", "--allow-loopback-peers", "--realm", "livegraph"]
    arguments += ["--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", str(port)]
    arguments += ["--pidfile", str(folder / "pid"), "--userdb", str(folder / "db"), "--log-file", "stdout", *how]
    process = await asyncio.create_subprocess_exec(
        program, *arguments, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    draining = asyncio.create_task(process.communicate())
    try:
        await _listens(port)
        yield f"turn:127.0.0.1:{port}?transport=udp"
    finally:
        process.terminate()
        await draining


async def _listens(port: int) -> None:
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise AssertionError("coturn does not listen")


def by_relay(url: str) -> RTCConfiguration:
    server = rest_server(url, SECRET, time.time())
    return RTCConfiguration(
        [RTCIceServer([url], server.username, server.credential)], iceTransportPolicy=RTCIceTransportPolicy.RELAY
    )


async def test_a_viewer_is_reached_by_the_relay_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEGRAPH_TURN_SECRET", SECRET)
    async with coturn(tmp_path, "--use-auth-secret", "--static-auth-secret", SECRET) as url, stage() as on:
        node = await on.built(WebRtcOut, turn=url, relay_only=True)
        watcher = Watcher(on.web, "/whep/show", by_relay(url))
        with Feeder(node):
            answer = await watcher.start()
            assert answer.status_code == 201, answer.text
            assert "typ relay" in answer.text and "typ host" not in answer.text
            assert url in answer.headers["link"] and SECRET not in answer.headers["link"]
            await watcher.until(30)
        assert node.status()["connections"][0]["path"].startswith("relay-")
        await watcher.close()
        await asyncio.to_thread(node.teardown)


async def test_a_sender_comes_by_the_relay_with_a_fixed_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("LIVEGRAPH_TURN_USERNAME", "ann")
    monkeypatch.setenv("LIVEGRAPH_TURN_PASSWORD", "open-sesame")
    async with coturn(tmp_path, "--lt-cred-mech", "--user", "ann:open-sesame") as url, stage() as on:
        node = await on.built(WebRtcIn, turn=url, relay_only=True)
        sender = Sender(on.web, "/whip/show")
        with Reader(node) as reader:
            answer = await sender.start()
            assert answer.status_code == 201, answer.text
            await reader.until(30)
        status = node.status()
        assert status["connections"][0]["path"].startswith("relay-")
        await sender.close()
        await asyncio.to_thread(node.teardown)
    assert "sesame" not in f"{status} {on.said} {caplog.text}"


async def test_a_wrong_password_is_said_and_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEGRAPH_TURN_USERNAME", "ann")
    monkeypatch.setenv("LIVEGRAPH_TURN_PASSWORD", "not-sesame")
    async with coturn(tmp_path, "--lt-cred-mech", "--user", "ann:open-sesame") as url, stage() as on:
        node = await on.built(WebRtcIn, turn=url, relay_only=True)
        sender = Sender(on.web, "/whip/show")
        answer = await sender.start()
        assert answer.status_code == 502, answer.text
        assert "no relay" in answer.text and "sesame" not in answer.text
        await sender.close()
        await asyncio.to_thread(node.teardown)
