"""One WebSocket, as uvicorn has it, with limits to what only costs memory and time."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from livegraph_server.piecewise import Piecewise

FRAGMENTS = 1024
"""Parts that a message may come in; browsers send one."""
UNREAD = 256 << 10
"""Bytes that may wait for one who asks by pings for more and reads nothing."""


class SocketConnection(Piecewise, WebSocketsSansIOProtocol):
    """Cuts off who goes beyond them. Of messages, one waits at a time; pictures wait for who reads."""

    def handle_cont(self, event: Any) -> None:
        if len(self.frames) >= FRAGMENTS:
            self.transport.abort()
        else:
            super().handle_cont(event)

    def handle_ping(self) -> None:
        if self.transport.get_write_buffer_size() > UNREAD:
            self.transport.abort()
        else:
            super().handle_ping()

    def _holds(self) -> bool:
        return self.read_paused
