"""Who is let in, against a real server. Only loopback is ever asked."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter, Request, WebSocket
from server_support import UNWATCHED, Play, Show
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

WAYS = ["/", "/app.js", "/metrics", "/api/v1/graph", "/api/v1/openapi.json", "/mjpeg/web", "/nothing"]


def routes() -> APIRouter:
    """What another plugin might add."""
    router = APIRouter()

    @router.post("/echo")
    async def echo(body: dict[str, Any]) -> dict[str, Any]:
        return body

    @router.post("/offer")
    async def offer(request: Request) -> dict[str, int]:
        return {"length": len(await request.body())}

    @router.post("/large", max_body_size=1 << 20)
    async def large(request: Request) -> dict[str, int]:
        return {"length": len(await request.body())}

    @router.websocket("/chat")
    async def chat(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    return router


@pytest.fixture
def open_show(play: Play) -> Show:
    show = play(UNWATCHED)
    show.server.include(routes())
    return show


@pytest.fixture
def closed_show(play: Play, guarded: str) -> Show:
    show = play(UNWATCHED)
    show.server.include(routes())
    return show


def chat(show: Show, **options: Any) -> str:
    address = show.server.address.replace("http", "ws", 1)
    with connect(f"{address}/chat", proxy=None, **options) as socket:
        socket.send("hello")
        return str(socket.recv())


def refusal(show: Show, **options: Any) -> int:
    with pytest.raises(InvalidStatus) as refused:
        chat(show, **options)
    return refused.value.response.status_code


def test_on_loopback_nobody_is_asked(open_show: Show) -> None:
    with open_show.client() as client:
        assert client.get("/").status_code == 200
        assert client.post("/echo", json={"a": 1}).json() == {"a": 1}
        assert client.post("/api/v1/login-codes").status_code == 409
    assert chat(open_show) == "hello"


@pytest.mark.parametrize("way", WAYS)
def test_with_a_token_nothing_is_shown_without_a_login(closed_show: Show, way: str, guarded: str) -> None:
    with closed_show.client() as client:
        for headers in ({}, {"authorization": f"Bearer {guarded}x"}, {"authorization": f"Basic {guarded}"}):
            refused = client.get(way, headers=headers)
            assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"
            assert "Not logged in" in refused.text


def test_health_tells_strangers_the_state_and_no_more(closed_show: Show, guarded: str) -> None:
    with closed_show.client() as client:
        assert client.get("/health").json() == {"state": "running"}
        assert "nodes" in client.get("/health", headers={"authorization": f"Bearer {guarded}"}).json()


def test_a_program_is_let_in_by_its_token(closed_show: Show, guarded: str) -> None:
    with closed_show.client(headers={"authorization": f"bearer {guarded}"}) as client:
        assert client.get("/api/v1/graph").status_code == 200
        assert client.post("/echo", json={}).status_code == 200
    assert chat(closed_show, additional_headers={"authorization": f"Bearer {guarded}"}) == "hello"
    assert refusal(closed_show) == 401


def login_address(show: Show) -> str:
    (line,) = [line for line in show.said if "/login?code=" in line]
    return line.split()[1]


def test_the_printed_address_lets_a_browser_in_once(closed_show: Show) -> None:
    address = login_address(closed_show)
    with closed_show.client() as browser, closed_show.client() as late:
        entered = browser.get(address)
        cookie = entered.headers["set-cookie"]
        assert entered.status_code == 200 and "url=/" in entered.text
        assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Secure" not in cookie
        assert browser.get("/api/v1/graph").json()["login"] is True
        assert late.get(address).status_code == 401 and late.get("/").status_code == 401
        assert chat(closed_show, additional_headers={"cookie": cookie.partition(";")[0]}) == "hello"


def test_a_page_that_is_logged_in_lets_another_device_in(closed_show: Show) -> None:
    with closed_show.client() as browser, closed_show.client() as phone:
        assert phone.post("/api/v1/login-codes").status_code == 401
        browser.get(login_address(closed_show))
        address = browser.post("/api/v1/login-codes").json()["address"]
        assert phone.get(address).status_code == 200 and phone.get("/").status_code == 200


def test_under_tls_the_cookie_goes_over_tls_only(play: Play, guarded: str) -> None:
    show = play(UNWATCHED, tls="auto")
    with show.client(verify=False) as browser:
        assert "Secure" in browser.get(login_address(show)).headers["set-cookie"]


def test_codes_and_tokens_are_for_the_terminal_alone(closed_show: Show, guarded: str) -> None:
    assert login_address(closed_show)
    with closed_show.client(headers={"authorization": f"Bearer {guarded}"}) as client:
        assert "login?code=" not in client.get("/api/v1/graph").text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8400", "127.0.0.1.evil.example", "@localhost", ""])
def test_a_name_that_was_made_to_point_here_is_refused(open_show: Show, host: str) -> None:
    """DNS rebinding: the browser believes that it asks its own site."""
    with open_show.client() as client:
        for way in ("/health", "/api/v1/graph", "/nothing"):
            refused = client.get(way, headers={"host": host})
            assert refused.status_code == 421 and "LIVEGRAPH_HOSTS" in refused.text
    if host:
        assert refusal(open_show, additional_headers={"host": host}) in (400, 421)


def test_a_name_that_was_allowed_is_answered_to(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEGRAPH_HOSTS", "studio.example")
    with play(UNWATCHED).client() as client:
        assert client.get("/health", headers={"host": "studio.example"}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "http://localhost"])
def test_another_site_changes_nothing_and_opens_no_socket(open_show: Show, origin: str) -> None:
    with open_show.client() as client:
        refused = client.post("/echo", json={}, headers={"origin": origin})
        assert refused.status_code == 403
        assert client.get("/health", headers={"origin": origin}).status_code == 200
    assert refusal(open_show, origin=origin) == 403


def test_our_own_page_does(open_show: Show) -> None:
    origin = open_show.server.address
    with open_show.client() as client:
        assert client.post("/echo", json={}, headers={"origin": origin}).status_code == 200
    assert chat(open_show, origin=origin) == "hello"


def test_no_other_site_may_read_an_answer(open_show: Show) -> None:
    with open_show.client() as client:
        asked = {"origin": "http://evil.example", "access-control-request-method": "POST"}
        for answer in (client.get("/health", headers=asked), client.options("/echo", headers=asked)):
            assert not [name for name in answer.headers if name.startswith("access-control-")]
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("way", ["/", "/health", "/nothing", "/metrics"])
def test_every_answer_keeps_browsers_in_bounds(open_show: Show, way: str) -> None:
    with open_show.client() as client:
        for headers in (client.get(way).headers, client.get(way, headers={"host": "evil.example"}).headers):
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "server" not in headers


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_a_change_takes_json_alone(open_show: Show, kind: str | None) -> None:
    with open_show.client() as client:
        for way in ("/echo", "/offer"):
            headers = {} if kind is None else {"content-type": kind}
            refused = client.post(way, content=b'{"a": 1}', headers=headers)
            assert refused.status_code in (415, 422)
        assert client.post("/offer", content=b"1", headers=headers).status_code == 415


def test_routes_may_declare_other_bodies(open_show: Show) -> None:
    router = APIRouter(prefix="/whip")
    router.add_api_route("", lambda: {"done": True}, methods=["POST"])
    open_show.server.include(router, accepts=("application/sdp",))
    with open_show.client() as client:
        for kind, code in (
            ("application/sdp", 200),
            ("application/sdp; charset=utf-8", 200),
            ("application/json", 415),
        ):
            assert client.post("/whip", content=b"v=0", headers={"content-type": kind}).status_code == code


@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_have_a_limit_unless_the_route_says_more(open_show: Show, chunked: bool) -> None:
    def body(size: int) -> Any:
        return iter([b"x" * size]) if chunked else b"x" * size

    json = {"content-type": "application/json"}
    with open_show.client(headers=json) as client:
        assert client.post("/offer", content=body(64 << 10)).json() == {"length": 64 << 10}
        assert client.post("/offer", content=body((64 << 10) + 1)).status_code == 413
        assert client.post("/large", content=body(1 << 20)).json() == {"length": 1 << 20}
        assert client.post("/large", content=body((1 << 20) + 1)).status_code == 413


def test_routes_that_came_later_are_in_the_document(open_show: Show) -> None:
    with open_show.client() as client:
        paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert {"/echo", "/health", "/metrics", "/api/v1/graph", "/mjpeg/{node}"} <= set(paths)
