"""What every request and every WebSocket passes before any route: who asks, from where, under which name."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from livegraph_server.access import Access
from livegraph_server.hosts import Hosts, same_origin

UNGUARDED: Final = ("/health", "/login")
"""What is answered without a login; `/health` then tells the state and no more."""
SAFE = ("GET", "HEAD", "OPTIONS")
LOG_IN = (
    "Not logged in. Open the address that livegraph printed at its start; it works once, and for 10 minutes. "
    "A page that is logged in gives another one, and so does, for a program with the token:\n"
    "    curl -X POST -H 'Authorization: Bearer TOKEN' {address}/api/v1/login-codes\n"
)
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Guard:
    """Refuses, or lets in with `scope["state"]["known"]` saying whether the login was good. Sets the headers that keep
    browsers from misusing an answer. There is no CORS: no other site reads anything here.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts, access: Access, cookie: str) -> None:
        self._app, self._hosts, self._access, self._cookie = app, hosts, access, cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                _protect(MutableHeaders(scope=message))
            await send(message)

        asks = HTTPConnection(scope)
        known = self._known(asks)
        scope.setdefault("state", {})["known"] = known
        app = self._refusal(asks, known) or self._app
        await app(scope, receive, answer)

    def _known(self, asks: HTTPConnection) -> bool:
        scheme, _, token = asks.headers.get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        return self._access.admits(bearer, asks.cookies.get(self._cookie, ""))

    def _refusal(self, asks: HTTPConnection, known: bool) -> ASGIApp | None:
        if {"content-length", "transfer-encoding"} <= set(asks.headers):
            return PlainTextResponse("A body has one length.", HTTPStatus.BAD_REQUEST, {"connection": "close"})
        host = asks.headers.get("host", "")
        if not self._hosts.knows(host):
            why = f"livegraph does not answer to the name {host!r}. If it is yours: LIVEGRAPH_HOSTS=NAME livegraph run"
            return PlainTextResponse(why, HTTPStatus.MISDIRECTED_REQUEST)
        if _changes(asks) and not _own(asks, host):
            return PlainTextResponse("Another site may not ask this.", HTTPStatus.FORBIDDEN)
        if not known and asks.scope["path"] not in UNGUARDED:
            text = LOG_IN.format(address=f"{asks.scope['scheme']}://{host}")
            return PlainTextResponse(text, HTTPStatus.UNAUTHORIZED, {"www-authenticate": "Bearer"})
        return None


def _changes(asks: HTTPConnection) -> bool:
    return asks.scope["type"] == "websocket" or asks.scope["method"] not in SAFE


def _own(asks: HTTPConnection, host: str) -> bool:
    """Whether the page that asks is ours, or no page at all: browsers always name theirs."""
    origin = asks.headers.get("origin")
    return origin is None or same_origin(origin, host)


def _protect(headers: MutableHeaders) -> None:
    for name, value in HEADERS.items():
        headers[name] = value
    headers.setdefault("cache-control", "no-store")
