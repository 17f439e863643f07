"""One connection, as uvicorn has it, with limits: how many there may be, and how long one may do nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from livegraph_server.piecewise import Piecewise

CONNECTIONS = 256
TO_ASK_S = 20.0
"""For the head of a request: a connection over which none is complete at two looks in a row is closed."""
TO_TAKE_S = 30.0
"""For an answer: who reads nothing of it for so long is cut off."""


class Connection(Piecewise, H11Protocol):
    """Closes itself where the other side does nothing. A WebSocket leaves it, and is pinged instead."""

    _look: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        self._look = self.loop.call_later(TO_ASK_S, self._look_again, None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """This object is done with; a timer would keep it for as long as it runs."""
        self._cancel()
        super().handle_websocket_upgrade(event)

    def _cancel(self) -> None:
        for timer in (self._look, self._stall):
            if timer is not None:
                timer.cancel()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self.loop.call_later(TO_TAKE_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()

    def send_400_response(self, msg: str) -> None:
        """Also in the midst of a body. There is one answer: where it has begun the connection just ends, and else who
        works on the request hears that nobody is there any more. (uvicorn has both answer, which h11 takes amiss.)
        """
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        super().send_400_response(msg)
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _holds(self) -> bool:
        return self.flow.read_paused

    def _look_again(self, before: Any) -> None:
        """`before` is the request that was the last one a look ago."""
        if self.cycle is before and (before is None or before.response_complete):
            self.transport.abort()
        else:
            self._look = self.loop.call_later(TO_ASK_S, self._look_again, self.cycle)
