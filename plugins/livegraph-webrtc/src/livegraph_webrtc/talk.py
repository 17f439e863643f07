"""The data channel of one connection: figures go out every second, messages are answered. Loop thread only.

Nobody's channel can fill memory: what is sent waits for one who is slow only up to `MOST_WAITING`, more than
`MOST_PER_S` messages a second are left out, and `sctp.py` bounds what is still incomplete.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping

from aiortc import RTCDataChannel, RTCPeerConnection

from livegraph_webrtc.messages import HANDLERS, MOST_PER_S, Allowance, Handler, Message, answer, error

LABEL = "livegraph"
STATS_S = 1.0
MOST_WAITING = 16 << 10
"""Bytes that may wait to be sent; while there are more, nothing is added."""
MOST_CHANNELS = 8
"""That one connection may open, one after another."""


class Talk:
    """`stats`: what the `stats` message says now."""

    def __init__(
        self,
        channel: RTCDataChannel,
        stats: Callable[[], Message],
        handlers: Mapping[str, Handler] = HANDLERS,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._channel, self._stats, self._handlers = channel, stats, handlers
        self._allowance = Allowance(MOST_PER_S, now_s)
        self._scolded = False
        self._next: asyncio.TimerHandle | None = None
        channel.on("message", self._hear)
        self._tell()

    @property
    def open(self) -> bool:
        return bool(self._channel.readyState == "open")

    def stop(self) -> None:
        if self._next is not None:
            self._next.cancel()

    def _tell(self) -> None:
        if self.open:
            self._say({"type": "stats", **self._stats()})
            self._next = asyncio.get_running_loop().call_later(STATS_S, self._tell)

    def _hear(self, said: str | bytes) -> None:
        """Who sends too much is told so once, until they stop."""
        if self._allowance.take():
            self._scolded = False
            reply = answer(said, self._handlers)
        else:
            reply = None if self._scolded else error(f"more than {MOST_PER_S} messages a second; some are left out")
            self._scolded = True
        if reply is not None:
            self._say(reply)

    def _say(self, message: Message) -> None:
        if self.open and self._channel.bufferedAmount <= MOST_WAITING:
            self._channel.send(json.dumps(message))


class Talks:
    """What one connection opens of them: one at a time that is labelled `livegraph`; others are closed. `end` is called
    where it opens one after another.
    """

    def __init__(
        self, connection: RTCPeerConnection, stats: Callable[[], Message], end: Callable[[str], object]
    ) -> None:
        self._stats, self._end = stats, end
        self._opened = 0
        self._talk: Talk | None = None
        connection.on("datachannel", self._open)

    def stop(self) -> None:
        if self._talk is not None:
            self._talk.stop()

    def _open(self, channel: RTCDataChannel) -> None:
        self._opened += 1
        if self._opened > MOST_CHANNELS:
            self._end(f"it opened more than {MOST_CHANNELS} data channels")
        elif channel.label != LABEL or (self._talk is not None and self._talk.open):
            channel.close()
        else:
            self.stop()
            self._talk = Talk(channel, self._stats)
