"""One who watches: the track that aiortc takes packets from, and what is known of the other side. Loop thread only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from livegraph_webrtc.backlog import Backlog
from livegraph_webrtc.bitrate import Estimate, Limits
from livegraph_webrtc.encoder import Coded
from livegraph_webrtc.feedback import Feedback, KeyframeWanted, Loss, Remb
from livegraph_webrtc.ffmpeg import Packet, VideoStream

CAPACITY = 15
"""Pictures that may wait for one viewer's connection."""
SILENT_S = 4.0
"""A receiver reports about once a second. One that says nothing for so long is stopped, or cut off: it gets keyframes
only until it is heard again.
"""


class Viewer(MediaStreamTrack):
    """A bounded queue between the encoder and one connection. `asks` is called when the viewer needs a keyframe: when
    its connection stands, when it says so, when it fell behind or comes back.
    """

    kind = "video"

    def __init__(self, limits: Limits, asks: Callable[[], None], now_s: Callable[[], float]) -> None:
        super().__init__()
        self._asks = asks
        self._now_s = now_s
        self._backlog: Backlog[Coded] = Backlog(CAPACITY)
        self._news = asyncio.Event()
        self._heard_s: float | None = None
        self.estimate = Estimate(limits)
        self.watching = False
        """The connection stands."""
        self.sent = 0
        self.sent_ticks: int | None = None
        self.lost = 0

    @property
    def silent(self) -> bool:
        return self._heard_s is not None and self._now_s() - self._heard_s > SILENT_S

    def give(self, coded: Coded) -> None:
        """A picture of the stream, in order."""
        if not self.watching:
            return
        if self.silent and not coded.keyframe:
            self._backlog.starve()
        behind = len(self._backlog) >= CAPACITY
        if self._backlog.put(coded, coded.keyframe):
            self._news.set()
        elif behind:
            self._asks()

    def hear(self, feedback: Feedback, sent_bps: float) -> None:
        """The receiver reports. `sent_bps`: what it is sent now."""
        now_s = self._now_s()
        returns = self.silent and self._backlog.starved
        self._heard_s = now_s
        if isinstance(feedback, Remb):
            self.estimate.remb(feedback.bps, sent_bps, now_s)
        elif isinstance(feedback, Loss):
            self.lost = feedback.packets
            self.estimate.loss(feedback.share, sent_bps, now_s)
        if returns or isinstance(feedback, KeyframeWanted):
            self._asks()

    async def recv(self) -> Packet[VideoStream]:
        """For aiortc: the next packet. The first call comes when the connection stands."""
        if self.readyState != "live":
            raise MediaStreamError
        if not self.watching:
            self.watching = True
            self._heard_s = self._now_s()
            self._asks()
        while (coded := self._backlog.take()) is None:
            self._news.clear()
            await self._news.wait()
        self.sent += 1
        self.sent_ticks = coded.packet.pts
        return coded.packet

    def stats(self) -> dict[str, int]:
        """For the viewer: pictures that there were, and of these those that were left out, and sent."""
        skipped = self._backlog.skipped
        return {"place": 0, "frames": self.sent + skipped, "dropped": skipped, "processed": self.sent}

    def status(self) -> dict[str, Any]:
        return {
            "pictures": self.sent,
            "skipped": self._backlog.skipped,
            "lost_packets": self.lost,
            "silent": self.silent,
            "estimate_kbps": self.estimate.bps // 1000,
        }
