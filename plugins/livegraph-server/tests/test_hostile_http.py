"""Requests that no honest client makes, against a real server: each is answered or cut off, and that is all."""

from __future__ import annotations

import logging
import random
import re
import time
from typing import Any

import pytest
from attack_support import MOST_S, dial, held_by, longest, say
from fastapi import APIRouter, Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_support import WATCHED, Play, Show, until

from livegraph_server import patience

POST = b"POST /api/v1/login-codes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
HIDDEN = b"\r\nGET /api/v1/graph HTTP/1.1\r\nHost: localhost\r\n\r\n"
AMBIGUOUS = {
    "two kinds of length": POST + b"Content-Length: 4\r\n" + CHUNKED + b"\r\n0\r\n" + HIDDEN,
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}" + HIDDEN,
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n{}" + HIDDEN,
    "an encoding that is none": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n" + HIDDEN,
    "a blank before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n" + HIDDEN,
    "two hosts": b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "a nul": b"GET /health\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "TLS": bytes.fromhex("1603010200010001fc0303") + bytes(505),
}
BAD_CHUNKS = [b"-1\r\na\r\n0\r\n\r\n", b"0x1\r\na\r\n0\r\n\r\n", b"1\r\nab\r\n0\r\n\r\n", b"fffffffffffffffffffff\r\n"]


async def echo(request: Request) -> int:
    return len(await request.body())


@pytest.fixture
def show(play: Play) -> Show:
    """With a route, such as another plugin might add, that waits for a body."""
    show = play(WATCHED)
    router = APIRouter()
    router.add_api_route("/echo", echo, methods=["POST"])
    show.server.include(router)
    return show


def test_a_request_that_two_could_read_differently_is_refused_and_nothing_behind_it_is_read(
    show: Show, caplog: pytest.LogCaptureFixture
) -> None:
    for name, said in AMBIGUOUS.items():
        with dial(show.server.address) as made:
            heard = say(made, said)
        assert heard.startswith(b"HTTP/1.1 400 ") and heard.count(b"HTTP/1.1 ") == 1, name
    assert not caplog.records


def test_chunks_that_are_none_end_the_connection_without_a_word_in_the_log(
    show: Show, caplog: pytest.LogCaptureFixture
) -> None:
    before = held_by(show.server)
    for way in (b"/api/v1/login-codes", b"/echo"):
        for chunks in BAD_CHUNKS:
            with dial(show.server.address) as made:
                heard = say(made, POST.replace(b"/api/v1/login-codes", way) + CHUNKED + b"\r\n" + chunks)
            assert b"HTTP/1.1 400 " in heard, (way, chunks)
    with dial(show.server.address) as made:  # also behind an answer that waited for no body
        made.sendall(POST + CHUNKED + b"\r\n")
        assert made.recv(1 << 16).startswith(b"HTTP/1.1 409 ")
        assert say(made, BAD_CHUNKS[0]).count(b"HTTP/1.1 ") == 0
    until(lambda: held_by(show.server) == before)
    assert not caplog.records


PATHS = [
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/..%5c..%5cetc",
    "/static/index.html",
    "/app.js/../server.py",
    "/app.js%00.html",
    "//evil.example/",
    "/mjpeg/%2e%2e/snapshot.jpg",
    "/mjpeg/..%2f..%2fetc/snapshot.jpg",
    "/mjpeg/web/%2e%2e/%2e%2e/etc/passwd",
]


def test_no_path_leads_out(show: Show) -> None:
    """The page's files are read once, at the start, by names that stand in the code: no request reads a file."""
    for path in PATHS:
        with dial(show.server.address) as made:
            heard = say(made, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert heard.startswith(b"HTTP/1.1 404 ") and b"root:" not in heard and b"livegraph_server" not in heard, path


def test_a_link_beside_the_page_s_files_is_not_followed(show: Show) -> None:
    """Whatever is put there: only names that stand in the code are served."""
    served = {route.path for route in show.server._routers[0].routes}  # type: ignore[attr-defined]
    assert served == {"/", "/app.js", "/webrtc.js", "/style.css", "/favicon.ico"}


def test_a_body_that_drips_is_given_up(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte in time, the whole never."""
    monkeypatch.setattr(patience, "TO_ANSWER_S", 0.5)
    before = held_by(show.server)
    with dial(show.server.address) as made:
        made.sendall(POST.replace(b"/api/v1/login-codes", b"/echo") + b"Content-Length: 60000\r\n\r\n")
        start = time.monotonic()
        with pytest.raises(OSError, match=r"."):
            while time.monotonic() - start < 10:
                made.sendall(b" ")
                time.sleep(0.02)
        assert time.monotonic() - start < 5
    until(lambda: held_by(show.server) == before)


def test_who_goes_away_before_all_was_said_leaves_nothing_behind(show: Show, caplog: pytest.LogCaptureFixture) -> None:
    before = held_by(show.server)
    for said in (b"GET", POST, POST + b"Content-Length: 9\r\n\r\n{", POST + CHUNKED + b"\r\n1\r\n"):
        for _ in range(10):
            with dial(show.server.address) as made:
                made.sendall(said)
    until(lambda: held_by(show.server) == before)
    assert not caplog.records


TOKENS = st.text("!#$%&'*+-.^_`|~0123456789abcXYZ", min_size=1, max_size=20)
VALUES = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=200).map(str.strip)
BODIES = st.one_of(
    st.binary(max_size=2000), st.sampled_from([b"{}", b"[]", b"null", b"1e999", b'"\\ud800"', b"[" * 999])
)


def request(operation: tuple[str, str], name: str, headers: dict[str, str], body: bytes) -> bytes:
    """As it goes over the wire: httpx would refuse to send much of this."""
    method, path = operation
    way = "".join(f"%{byte:02x}" for byte in name.encode("utf-8", "surrogatepass"))
    filled = re.sub(r"{[a-z]+}", lambda _: way, path)
    lines = [f"{method.upper()} {filled}?code={way} HTTP/1.1", "Host: localhost"]
    lines += [f"{key}: {value}" for key, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "Content-Type: application/json", "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def operations(show: Show) -> list[tuple[str, str]]:
    with show.client() as client:
        paths: dict[str, Any] = client.get("/api/v1/openapi.json").json()["paths"]
    return [(method, path) for path, methods in paths.items() for method in methods]


def test_whatever_is_asked_of_any_route_there_is_no_error_of_ours(show: Show, caplog: pytest.LogCaptureFixture) -> None:
    """By the server's own document of itself (OpenAPI), with names, headers and bodies that are anything."""
    known, before = operations(show), held_by(show.server)

    @settings(max_examples=100, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(known), st.text(max_size=30), st.dictionaries(TOKENS, VALUES, max_size=5), BODIES)
    def asked(operation: tuple[str, str], name: str, headers: dict[str, str], body: bytes) -> None:
        with dial(show.server.address, within_s=0.3 if name == "web" else 8) as made:
            heard = say(made, request(operation, name, headers, body))
        status = int(heard.split(b" ", 2)[1])
        assert 200 <= status < 500, heard
        assert b"Traceback" not in heard and b"site-packages" not in heard

    with longest(show.server.loop) as found:
        asked()
    assert found.cpu_s < MOST_S, found
    until(lambda: held_by(show.server) == before)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_bytes_that_are_no_http_at_all_are_cut_off(show: Show) -> None:
    chance, before = random.Random(1), held_by(show.server)
    for _ in range(40):
        good = bytearray(POST + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")
        for _ in range(chance.randrange(1, 12)):
            good[chance.randrange(len(good))] = chance.randrange(256)
        with dial(show.server.address, within_s=0.1) as made:
            heard = say(made, bytes(good))
        assert not heard or (heard.startswith(b"HTTP/1.1 ") and not heard.startswith(b"HTTP/1.1 5"))
    until(lambda: held_by(show.server) == before)
