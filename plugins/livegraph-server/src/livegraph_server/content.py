"""Which bodies a route takes. A form of another site cannot say `application/json` without asking first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

from fastapi import HTTPException
from starlette.requests import HTTPConnection

from livegraph_server.guard import SAFE


def only(types: Sequence[str]) -> Callable[[HTTPConnection], Awaitable[None]]:
    """A dependency: 415 for a request that would change something and has a body of any other type."""

    async def check(asks: HTTPConnection) -> None:
        if asks.scope["type"] != "http" or asks.scope["method"] in SAFE:
            return
        given = asks.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given not in types and (given or _has_body(asks)):
            raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the body must be {' or '.join(types)}")

    return check


def _has_body(asks: HTTPConnection) -> bool:
    return "transfer-encoding" in asks.headers or asks.headers.get("content-length", "0") != "0"
