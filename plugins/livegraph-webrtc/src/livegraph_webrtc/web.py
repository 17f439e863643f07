"""What this plugin needs of livegraph-server: all that it takes from there is in this module."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from fastapi import APIRouter

from livegraph_server import Input, Output


class Web(Protocol):
    """The service `web`, a `livegraph_server.Server`. `loop` is where its requests run."""

    loop: asyncio.AbstractEventLoop

    def include(self, router: APIRouter, accepts: Sequence[str] = ...) -> None: ...

    def offer(self, offer: Any) -> Callable[[], None]: ...


def offer_whep(web: Web, node_id: str) -> Callable[[], None]:
    """List an output on the page and in the API; what is returned withdraws it."""
    return web.offer(Output(node_id, "whep", f"/whep/{node_id}"))


def offer_whip(web: Web, node_id: str) -> Callable[[], None]:
    """List an input."""
    return web.offer(Input(node_id, "whip", f"/whip/{node_id}"))
