"""One encoder for all who watch an output, in a thread of its own. The newest picture wins."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from livegraph import Yuv420p
from livegraph_webrtc.bitrate import Flow, Limits, shared_bps
from livegraph_webrtc.encoder import NOMINAL_FPS, Codec, Coded, Encoder, Preset
from livegraph_webrtc.feedback import Feedback
from livegraph_webrtc.keyframes import Keyframes
from livegraph_webrtc.rtp_time import Rising
from livegraph_webrtc.viewer import Viewer

STILL_S = 0.25
"""Where a keyframe is wanted and no new picture comes for so long, the last one is encoded again."""
_LEAST_FPS = 0.5
_JOIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Quality:
    """See the parameters of `webrtc.out`."""

    codec: Codec
    preset: Preset
    gop_s: float
    limits: Limits


@dataclass(frozen=True, slots=True)
class _Shown:
    """A picture, and when it came (the monotonic clock's seconds)."""

    picture: Yuv420p
    pts_ns: int
    came_s: float


class Broadcast:
    """`show` is for the node's thread; `join`, `leave` and `viewers` for the loop's. While nobody watches, nothing is
    encoded.
    """

    def __init__(
        self, quality: Quality, loop: asyncio.AbstractEventLoop, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._quality = quality
        self._loop = loop
        self._now_s = now_s
        self._encoder = Encoder(quality.codec, quality.preset)
        self._keyframes = Keyframes(quality.gop_s)
        self._ticks = Rising()
        self._news = threading.Condition()
        self._newest: _Shown | None = None
        self._fresh = self._closed = False
        self._failure: Exception | None = None
        self._watching = False
        self._target_bps = shared_bps(quality.limits, ())
        self._pictures, self._sent = Flow(2.0), Flow()
        self.viewers: set[Viewer] = set()
        self.encoded = 0
        self._thread = threading.Thread(target=self._run, name="webrtc encoder", daemon=True)
        self._thread.start()

    def show(self, picture: Yuv420p, pts_ns: int) -> None:
        """The stream's next picture. What has stopped the encoder is raised here."""
        if self._failure is not None:
            raise self._failure
        with self._news:
            self._newest = _Shown(picture, pts_ns, self._now_s())
            self._fresh = True
            self._pictures.add(pts_ns / 1e9)
            self._news.notify()

    def steer(self, gop_s: float, limits: Limits) -> None:
        """Change what can be changed while the encoder runs."""
        self._keyframes.gop_s = gop_s
        if limits != self._quality.limits:
            self._quality = Quality(self._quality.codec, self._quality.preset, gop_s, limits)
            self._loop.call_soon_threadsafe(self._limit)

    def join(self) -> Viewer:
        """Somebody who will watch, once their connection stands."""
        viewer = Viewer(self._quality.limits, self._ask, self._now_s)
        self.viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        self.viewers.discard(viewer)
        viewer.stop()
        self._look()

    def hear(self, viewer: Viewer, feedback: Feedback) -> None:
        """A viewer's receiver reports."""
        viewer.hear(feedback, self._sent.bps(self._now_s()))
        self._look()

    def close(self) -> None:
        with self._news:
            self._closed = True
            self._news.notify()
        self._thread.join(_JOIN_S)

    def status(self) -> dict[str, Any]:
        return {
            "codec": self._quality.codec,
            "viewers": sum(viewer.watching for viewer in list(self.viewers)),
            "encoded": self.encoded,
            "keyframes": self._keyframes.made,
            "bitrate_kbps": round(self._sent.bps(self._now_s()) / 1000),
            "target_kbps": self._target_bps // 1000,
        }

    def _ask(self) -> None:
        """A viewer needs a keyframe, perhaps the first one who watches."""
        self._keyframes.ask()
        self._look()
        with self._news:
            self._news.notify()

    def _look(self) -> None:
        """Who watches, and how much all of them can take."""
        watching = [viewer for viewer in self.viewers if viewer.watching]
        self._watching = bool(watching)
        heard = [viewer.estimate for viewer in watching if not viewer.silent]
        self._target_bps = shared_bps(self._quality.limits, heard)

    def _limit(self) -> None:
        for viewer in self.viewers:
            viewer.estimate.limits = self._quality.limits
        self._look()

    def _run(self) -> None:
        try:
            while (shown := self._next()) is not None:
                self._encode(shown)
        except Exception as error:  # raised where pictures are given
            self._failure = error

    def _next(self) -> _Shown | None:
        """Wait for something to encode; None at the end."""
        with self._news:
            while not self._closed:
                if self._watching and self._newest is not None:
                    wait_s = self._wait_s(self._newest)
                    if wait_s is not None and wait_s <= 0:
                        self._fresh = False
                        return self._newest
                    self._news.wait(wait_s)
                else:
                    self._news.wait()
            return None

    def _wait_s(self, newest: _Shown) -> float | None:
        """Seconds until the newest picture is to be encoded; None: not before there is news."""
        if self._fresh:
            return 0.0
        now_s = self._now_s()
        wait_s = self._keyframes.wait_s(now_s)
        return None if wait_s is None else max(wait_s, newest.came_s + STILL_S - now_s)

    def _encode(self, shown: _Shown) -> None:
        now_s, asked = self._now_s(), self._keyframes.encoding()
        repeated_ns = round((now_s - shown.came_s) * 1e9) if now_s - shown.came_s >= STILL_S else 0
        for coded in self._encoder.encode(
            shown.picture,
            self._ticks.place(shown.pts_ns + repeated_ns),
            self._target_bps,
            max(_LEAST_FPS, self._pictures.per_second() or NOMINAL_FPS),
            self._keyframes.due(now_s),
        ):
            self.encoded += 1
            if coded.keyframe:
                self._keyframes.came(now_s, asked)
            self._loop.call_soon_threadsafe(self._deliver, coded)

    def _deliver(self, coded: Coded) -> None:
        self._sent.add(self._now_s(), coded.bits)
        for viewer in list(self.viewers):
            viewer.give(coded)
