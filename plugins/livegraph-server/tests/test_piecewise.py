"""Very many very small things, in one go: the loop looks at everybody else between."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from socket import socket

from attack_support import MOST_S, dial, held_by, longest, say, upgraded
from fastapi import APIRouter, Request
from server_support import SCENE, UNWATCHED, Play, held, until

from livegraph_server.piecewise import PIECE, Piecewise
from livegraph_server.socket_connection import UNREAD

SOCKETS = {
    "people": {"use": "web.socket_in"},
    "back": {"use": "web.socket_out", "in": "people"},
    "scene": SCENE,
    "out": {"use": "web.socket_out", "in": "scene"},
}


class Transport:
    """As much of one as there is to see; nothing real loses its place at will."""

    def __init__(self, protocol: object) -> None:
        self.protocol, self.reading, self.closing = protocol, True, False

    def get_protocol(self) -> object:
        return self.protocol

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Loop:
    def __init__(self) -> None:
        self.waiting: list[object] = []

    def call_soon(self, callback: object) -> None:
        self.waiting.append(callback)

    def turn(self) -> None:
        waiting, self.waiting = self.waiting, []
        for callback in waiting:
            callback()  # type: ignore[operator]


class Takes(asyncio.Protocol):
    def __init__(self) -> None:
        self.taken: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self.taken.append(data)


class Pieces(Piecewise, Takes):
    full = False

    def __init__(self) -> None:
        super().__init__()
        self.loop = Loop()  # type: ignore[assignment]
        self.transport = Transport(self)

    def _holds(self) -> bool:
        return self.full


def test_what_comes_is_taken_in_order_and_nothing_is_read_meanwhile() -> None:
    one = Pieces()
    data = bytes(range(256)) * 100
    one.data_received(data)
    assert one.taken == [data[:PIECE]] and not one.transport.reading
    one.data_received(b"more")  # uvicorn has let it be read
    for _ in range(4):
        one.loop.turn()  # type: ignore[attr-defined]
    assert b"".join(one.taken) == data + b"more" and max(map(len, one.taken)) == PIECE
    assert one.transport.reading


def test_uvicorn_s_own_word_on_reading_holds() -> None:
    one = Pieces()
    one.full = True
    one.data_received(bytes(PIECE + 1))
    one.loop.turn()  # type: ignore[attr-defined]
    assert len(one.taken) == 2 and not one.transport.reading


def test_what_follows_a_handshake_is_for_the_websocket() -> None:
    one, follower = Pieces(), Takes()
    one.data_received(bytes(PIECE) + b"frames")
    one.transport.protocol = follower
    one.loop.turn()  # type: ignore[attr-defined]
    assert follower.taken == [b"frames"] and one.transport.reading


def test_nothing_is_taken_once_the_connection_closes() -> None:
    one = Pieces()
    one.data_received(bytes(2 * PIECE))
    one.transport.closing = True
    one.loop.turn()  # type: ignore[attr-defined]
    assert len(one.taken) == 1


def frame(kind: int, data: bytes, last: bool = True) -> bytes:
    """A short frame (RFC 6455, 5.2), masked by nothing."""
    return bytes([last << 7 | kind, 0x80 | len(data)]) + bytes(4) + data


FLOODS = {
    "pings": (b"", frame(9, bytes(125))),
    "empty fragments": (frame(2, b"x", last=False), frame(0, b"", last=False)),
    "tiny texts": (b"", frame(1, b"a")),
    "empty pictures": (b"", frame(2, b"")),
}


def flooded(made: socket, first: bytes, flood: bytes) -> None:
    """Until it is cut off, or nothing more is read."""
    with suppress(OSError):
        made.sendall(first + flood * (300_000 // len(flood)))
        made.settimeout(0.05)
        made.sendall(flood * (2_000_000 // len(flood)))


def test_a_flood_of_frames_holds_up_nobody_and_piles_up_nothing(play: Play) -> None:
    show = play(SOCKETS)
    before = held_by(show.server)
    for name, (first, flood) in FLOODS.items():
        for node in ("people", "out"):
            with (
                longest(show.server.loop) as found,
                upgraded(show.server.address, node, 20) as made,
                show.client() as client,
            ):
                flooded(made, first, flood)
                assert max(held(show), default=0) < UNREAD + (1 << 20), name
                assert client.get("/health").json()["state"] == "running"
            assert found.cpu_s < MOST_S, (name, found)
    until(lambda: held_by(show.server) == before)


def test_a_body_in_very_small_chunks_holds_up_nobody(play: Play) -> None:
    show = play(UNWATCHED)
    router = APIRouter()

    @router.post("/length")
    async def length(request: Request) -> int:
        return len(await request.body())

    show.server.include(router)
    head = b"POST /length HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
    head += b"Content-Type: application/json\r\n"
    with longest(show.server.loop) as found, dial(show.server.address) as made:
        assert say(made, head + b"\r\n" + b"1\r\na\r\n" * 60_000 + b"0\r\n\r\n").endswith(b"60000")
    assert found.cpu_s < MOST_S, found


def test_a_head_that_is_too_long_is_refused_however_it_comes(play: Play) -> None:
    show = play(UNWATCHED)
    head = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
    for flood in (b"a:\r\n" * 60_000, b"a: " + b"b" * 60_000 + b"\r\n", b"Cookie: " + b"a=b;" * 15_000 + b"\r\n"):
        with longest(show.server.loop) as found, dial(show.server.address) as made:
            assert say(made, head + flood + b"\r\n").startswith(b"HTTP/1.1 400 ")
        assert found.cpu_s < MOST_S, found
