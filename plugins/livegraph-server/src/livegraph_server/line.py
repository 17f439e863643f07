"""The way to one client of a WebSocket."""

from __future__ import annotations

import asyncio
import json

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from livegraph_server.control_message import Message

GONE = 1006
"""RFC 6455's code for a connection that ended without a word."""


class Line:
    """A message and its picture are never parted."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._turn = asyncio.Lock()

    async def send(self, message: Message, jpeg: bytes | None = None) -> None:
        """Returns once there is room for more. `WebSocketDisconnect` where the other side has gone."""
        async with self._turn:
            if self._socket.application_state is WebSocketState.DISCONNECTED:  # somebody else's message found out
                raise WebSocketDisconnect(GONE)
            await self._socket.send_text(json.dumps(message))
            if jpeg is not None:
                await self._socket.send_bytes(jpeg)


def client_of(socket: WebSocket) -> str:
    """Where it comes from, as the log and the others are to see it. No two that are open have the same."""
    return f"{socket.client.host}:{socket.client.port}" if socket.client is not None else "unknown"
