"""One Opus encoder for all who hear an output."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from livegraph import Frame
from livegraph_webrtc.bitrate import Flow
from livegraph_webrtc.listener import Listener
from livegraph_webrtc.opus_encoder import CodedSound, OpusEncoder


class SoundBroadcast:
    """`play` is for the node's thread, on which is encoded: a packet takes less than a millisecond. `join` and `leave`
    are for the loop's. While nobody listens, nothing is encoded.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, now_s: Callable[[], float] = time.monotonic) -> None:
        self._loop = loop
        self._now_s = now_s
        self._encoder = OpusEncoder()
        self._sent = Flow()
        self._listened = False
        self._listeners: set[Listener] = set()

    def play(self, block: Frame, bps: int) -> None:
        """The stream's next sound. `bps`: what its encoding may take."""
        if self._listened and (packets := self._encoder.encode(block, bps)):
            with suppress(RuntimeError):  # the loop ended before the node
                self._loop.call_soon_threadsafe(self._deliver, packets)

    def join(self, pauses: Callable[[], bool]) -> Listener:
        """Somebody who will listen, once their connection stands."""
        listener = Listener(self._look, pauses)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        listener.stop()
        self._look()

    def status(self) -> dict[str, Any]:
        listeners = sum(listener.listening for listener in list(self._listeners))
        return {"listeners": listeners, "audio_kbps": round(self._sent.bps(self._now_s()) / 1000)}

    def _look(self) -> None:
        self._listened = any(listener.listening for listener in self._listeners)

    def _deliver(self, packets: list[CodedSound]) -> None:
        for coded in packets:
            self._sent.add(self._now_s(), coded.bits)
            for listener in self._listeners:
                listener.give(coded)
