"""Input taken piece by piece, so that who sends very many very small things waits for them alone."""

from __future__ import annotations

import asyncio
from typing import Any

PIECE = 8 << 10
"""Bytes between two looks at everybody else. The smallest chunks of a body, and frames of a WebSocket, have 6: a piece
of them costs some 10 ms, and all that asyncio reads at a time would cost a third of a second.
"""


class Piecewise(asyncio.Protocol):
    """Mixed in before a protocol of uvicorn's. What waits is at most what one read brings."""

    loop: asyncio.AbstractEventLoop
    transport: Any
    _rest = b""

    def data_received(self, data: bytes) -> None:
        if self._rest:
            self._rest += data
        else:
            self._take(data)

    def _take(self, data: bytes) -> None:
        piece, self._rest = data[:PIECE], data[PIECE:]
        super().data_received(piece)
        if self._rest:
            self.transport.pause_reading()
            self.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        rest, self._rest = self._rest, b""
        if self.transport.is_closing():
            return
        if (follower := self.transport.get_protocol()) is not self:  # the request made it a WebSocket
            self.transport.resume_reading()
            follower.data_received(rest)
            return
        self._take(rest)
        if not self._rest and not self._holds():
            self.transport.resume_reading()

    def _holds(self) -> bool:
        """Whether uvicorn wants nothing more to be read now."""
        raise NotImplementedError(f"{type(self).__name__}._holds")
