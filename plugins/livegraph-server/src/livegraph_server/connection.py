"""One connection, as uvicorn has it, with limits: how many there may be, and how long one may do nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS = 256
TO_ASK_S = 20.0
"""For the head of a request: a connection over which none is complete at two looks in a row is closed."""
TO_TAKE_S = 30.0
"""For an answer: who reads nothing of it for so long is cut off."""


class Connection(H11Protocol):
    """Closes itself where the other side does nothing. A WebSocket leaves it, and is pinged instead."""

    _look: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        self._look = self.loop.call_later(TO_ASK_S, self._look_again, None)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._look, self._stall):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self.loop.call_later(TO_TAKE_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()

    def _look_again(self, before: Any) -> None:
        """`before` is the request that was the last one a look ago."""
        if self.transport.get_protocol() is not self:  # it is a WebSocket now
            return
        if self.cycle is before and (before is None or before.response_complete):
            self.transport.abort()
        else:
            self._look = self.loop.call_later(TO_ASK_S, self._look_again, self.cycle)
