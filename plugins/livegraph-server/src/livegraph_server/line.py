"""The way to one client of a WebSocket."""

from __future__ import annotations

import asyncio
import json

from fastapi import WebSocket

from livegraph_server.control_message import Message


class Line:
    """A message and its picture are never parted."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._turn = asyncio.Lock()

    async def send(self, message: Message, jpeg: bytes | None = None) -> None:
        """Returns once there is room for more."""
        async with self._turn:
            await self._socket.send_text(json.dumps(message))
            if jpeg is not None:
                await self._socket.send_bytes(jpeg)


def client_of(socket: WebSocket) -> str:
    """Where it comes from, as the log and the others are to see it. No two that are open have the same."""
    return f"{socket.client.host}:{socket.client.port}" if socket.client is not None else "unknown"
