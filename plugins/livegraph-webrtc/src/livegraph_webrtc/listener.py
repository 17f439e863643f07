"""One who hears: the track that aiortc takes packets of sound from. Loop thread only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from livegraph_webrtc.backlog import Backlog
from livegraph_webrtc.ffmpeg import AudioStream, Packet
from livegraph_webrtc.opus_encoder import CodedSound

CAPACITY = 25
"""Packets that may wait for one connection: half a second. One that falls behind begins anew."""


class Listener(MediaStreamTrack):
    """A bounded queue between the encoder and one connection. `begins` is called when the connection stands; while
    `pauses` says so, nothing is sent.
    """

    kind = "audio"

    def __init__(self, begins: Callable[[], None], pauses: Callable[[], bool]) -> None:
        super().__init__()
        self._begins, self._pauses = begins, pauses
        self._backlog: Backlog[CodedSound] = Backlog(CAPACITY)
        self._news = asyncio.Event()
        self.listening = False
        """The connection stands."""
        self.sent_ticks: int | None = None

    def give(self, coded: CodedSound) -> None:
        if self.listening and not self._pauses():
            self._backlog.put(coded, keyframe=True)
            self._news.set()

    async def recv(self) -> Packet[AudioStream]:
        """For aiortc: the next packet. The first call comes when the connection stands."""
        if self.readyState != "live":
            raise MediaStreamError
        if not self.listening:
            self.listening = True
            self._begins()
        while (coded := self._backlog.take()) is None:
            self._news.clear()
            await self._news.wait()
        self.sent_ticks = coded.packet.pts
        return coded.packet
