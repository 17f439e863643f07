"""Limits on connections, with the times made short."""

from __future__ import annotations

import asyncio
import socket
import time
from urllib.parse import urlsplit

import pytest
from fastapi import APIRouter, WebSocket
from server_support import UNWATCHED, Play, Show
from websockets.sync.client import connect

from livegraph_server import connection, patience

HEAD = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"


def dial(show: Show, buffer: int | None = None) -> socket.socket:
    """A bare connection, which does only what it is told."""
    made = socket.socket()
    if buffer is not None:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    made.settimeout(5)
    made.connect(("127.0.0.1", urlsplit(show.server.address).port or 0))
    return made


def ended(made: socket.socket) -> bool:
    try:
        return made.recv(1 << 16) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("said", [b"", HEAD, HEAD + b"\r\n"])
def test_who_asks_nothing_is_cut_off(play: Play, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    """Silent, with half a head, or with half of a second one behind a request that was answered."""
    monkeypatch.setattr(connection, "TO_ASK_S", 0.2)
    with dial(play(UNWATCHED)) as made:
        made.sendall(said)
        if said.endswith(b"\r\n\r\n"):
            assert b"200 OK" in made.recv(1 << 16)
            made.sendall(HEAD)
        start = time.monotonic()
        while not ended(made):
            pass
        assert time.monotonic() - start < 2


def test_a_request_that_takes_its_time_is_not(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TO_ASK_S", 0.1)
    show = play(UNWATCHED)
    show.server.include(waiting(0.6))
    with show.client() as client:
        assert client.get("/wait").json() == "done"


def test_nor_is_a_websocket(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TO_ASK_S", 0.1)
    show = play(UNWATCHED)
    router = APIRouter()

    @router.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())

    show.server.include(router)
    with connect(f"{show.server.address.replace('http', 'ws', 1)}/echo", proxy=None) as made:
        time.sleep(0.5)
        made.send("still here")
        assert made.recv(timeout=5) == "still here"


def test_one_that_takes_too_long_is_given_up(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "TO_ANSWER_S", 0.2)
    show = play(UNWATCHED)
    show.server.include(waiting(5))
    with show.client() as client:
        start = time.monotonic()
        assert client.get("/wait").status_code == 408
        assert time.monotonic() - start < 2


def test_a_body_that_does_not_come_is_given_up(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "TO_ANSWER_S", 0.2)
    show = play(UNWATCHED)
    router = APIRouter()

    @router.post("/echo")
    async def echo(body: dict[str, int]) -> dict[str, int]:
        return body

    show.server.include(router)
    with dial(show) as made:
        made.sendall(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        made.sendall(b"Content-Length: 10\r\n\r\n{")
        assert b" 408 " in made.recv(1 << 16)


def test_who_takes_nothing_of_a_large_answer_is_cut_off(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TO_TAKE_S", 0.3)
    show = play(UNWATCHED)
    router = APIRouter()
    router.add_api_route("/much", lambda: "x" * (16 << 20))
    show.server.include(router)
    with dial(show, buffer=4096) as made:
        made.sendall(b"GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(1)
        taken = 0
        while part := made.recv(1 << 20):
            taken += len(part)
        assert 0 < taken < 16 << 20


def test_more_connections_than_there_may_be_are_closed(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECTIONS", 3)
    show = play(UNWATCHED)
    made = [dial(show) for _ in range(4)]
    assert ended(made[3])
    made[0].close()
    time.sleep(0.1)
    with show.client() as client:
        assert client.get("/health").status_code == 200
    for each in made:
        each.close()


def waiting(seconds: float) -> APIRouter:
    router = APIRouter()

    @router.get("/wait")
    async def wait() -> str:
        await asyncio.sleep(seconds)
        return "done"

    return router
