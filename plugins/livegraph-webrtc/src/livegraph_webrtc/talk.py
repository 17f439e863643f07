"""The data channel of one connection: control messages, and figures every second. Loop thread only.

Nobody's channel can fill memory: what is sent waits for one who is slow only up to `MOST_UNREAD`, what comes waits to
be answered as `unanswered.py` has it, and `sctp.py` bounds what is still incomplete.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from aiortc import RTCDataChannel, RTCPeerConnection

from livegraph_webrtc.unanswered import Unanswered

if TYPE_CHECKING:
    from livegraph_server.control_message import Message
    from livegraph_server.control_talk import ControlTalk

LABEL = "livegraph"
STATS_S = 1.0
MOST_PER_S = 100
"""Messages that are answered a second; a fader in somebody's hand makes 60."""
MOST_UNREAD = 16 << 10
"""Bytes that may wait to be sent; while there are more, nothing is added."""
MOST_CHANNELS = 8
"""That one connection may open, one after another."""


class Talk:
    """`stats`: what the `stats` message says now. Ends with the channel, or by `stop`."""

    def __init__(self, channel: RTCDataChannel, stats: Callable[[], Message], control: ControlTalk) -> None:
        self._channel, self._stats, self._control = channel, stats, control
        self._unanswered = Unanswered()
        self._scolded = False
        self._room = asyncio.Event()
        channel.bufferedAmountLowThreshold = MOST_UNREAD
        channel.on("bufferedamountlow", self._room.set)
        channel.on("message", self._hear)
        channel.on("close", self.stop)
        parts = (self._figures(), control.tell(self._send), self._answer())
        self._parts = [asyncio.get_running_loop().create_task(part) for part in parts]

    @property
    def open(self) -> bool:
        return bool(self._channel.readyState == "open")

    def stop(self) -> None:
        for part in self._parts:
            part.cancel()

    async def _figures(self) -> None:
        while True:
            self._mention({"type": "stats", **self._stats()})
            await asyncio.sleep(STATS_S)

    async def _answer(self) -> None:
        """One after the other, in order, and no faster than `MOST_PER_S`."""
        loop = asyncio.get_running_loop()
        while True:
            said = await self._unanswered.take()
            began_s = loop.time()
            await self._send(await self._control.answer(said))
            await asyncio.sleep(began_s + 1 / MOST_PER_S - loop.time())

    def _hear(self, said: str | bytes) -> None:
        """Who sends too much is told so once, until all of it is answered."""
        self._scolded = self._scolded and len(self._unanswered) > 0
        if self._unanswered.add(said):
            return
        wrong = self._control.left_out()
        if not self._scolded:
            self._scolded = True
            self._mention(wrong)

    @property
    def _full(self) -> bool:
        return self._channel.bufferedAmount > MOST_UNREAD

    def _mention(self, message: Message) -> None:
        """Left out where there is no room."""
        if not self._full:
            self._say(message)

    async def _send(self, message: Message) -> None:
        """Once there is room."""
        while self._full:
            self._room.clear()
            await self._room.wait()
        self._say(message)

    def _say(self, message: Message) -> None:
        """What is larger than the other side takes is told as an error; who does not even take that is done with."""
        if not self.open:
            return
        try:
            self._channel.send(json.dumps(message))
        except ValueError as error:
            if message["type"] == "error":
                self._channel.close()
            else:
                known = {"id": message["id"]} if "id" in message else {}
                self._say({"type": "error", "message": str(error), **known})


class Talks:
    """What one connection opens of them: one at a time that is labelled `livegraph`; others are closed. `converse`:
    begins a conversation about parameters. `end` is called where it opens one after another.
    """

    def __init__(
        self,
        connection: RTCPeerConnection,
        stats: Callable[[], Message],
        converse: Callable[[], ControlTalk],
        end: Callable[[str], object],
    ) -> None:
        self._stats, self._converse, self._end = stats, converse, end
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
            self._talk = Talk(channel, self._stats, self._converse())
