"""From what a sender sends to the frames of a source; and what is given while nobody sends."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from livegraph import Frame, Gap, Image, Size, Yuv420p
from livegraph_webrtc.arrivals import Arrivals
from livegraph_webrtc.fit import Fitter
from livegraph_webrtc.inbox import Inbox
from livegraph_webrtc.opus_encoder import RATE
from livegraph_webrtc.planes import picture_of
from livegraph_webrtc.rtp_time import ticks_of
from livegraph_webrtc.sound_line import SoundLine
from livegraph_webrtc.whip import Arrived, Sounded

NOBODY_S = 1.0
"""After so long without a picture nobody counts as sending."""
SILENT_S = 0.3
"""After so long without a sound none is waited for beside a picture."""
BARS_EVERY_S = 0.2
USUAL_SIZE: Size = (640, 360)
_BARS = "bars"
# ITU-R BT.601, 75 % bars: luma, Cb, Cr.
_LUMA = (180, 162, 131, 112, 84, 65, 35)
_BLUE = (128, 44, 156, 72, 184, 100, 212)
_RED = (128, 142, 44, 58, 198, 212, 114)


class Reception:
    """`read` is the source's; `bars`: the size of the colour bars that stand for a sender, None for no bars; `sound`:
    whether anybody listens.
    """

    def __init__(self, inbox: Inbox[Arrived, Sounded], fitter: Fitter, bars: Size | None, sound: bool) -> None:
        self._inbox = inbox
        self._fitter = fitter
        self._arrivals = Arrivals()
        self._bars = colour_bars(bars) if bars is not None else None
        self._sound = sound
        self._line = SoundLine(RATE)
        self._came_s = self._barred_s = self._heard_s = 0.0
        self._jumped = False

    def read(self, wait_s: float) -> Frame | Mapping[str, Frame | Gap] | None:
        """The next sound, or else the newest picture; None where neither comes while waiting."""
        item = self._inbox.take(wait_s)
        if isinstance(item, Sounded):
            return self._sounding(item)
        shown = self._fallback() if item is None else self._picture(item)
        return shown if shown is None or not self._sound else self._beside_sound(shown)

    def status(self) -> dict[str, Any]:
        return {"receiving": self._receiving, "replaced": self._inbox.replaced}

    @property
    def _receiving(self) -> bool:
        return time.monotonic() - self._came_s < NOBODY_S

    def _picture(self, arrived: Arrived) -> Frame:
        self._came_s = time.monotonic()
        decoded = arrived.decoded
        picture = self._fitter.picture(picture_of(decoded.frame))
        return self._frame(picture, arrived.session, decoded.ticks, round(decoded.arrived_s * 1e9))

    def _sounding(self, sounded: Sounded) -> Mapping[str, Frame] | None:
        """None before the sender's first picture, with which its stream begins; and for what comes too late."""
        heard, offset_ns = sounded.heard, sounded.lip_sync.offset_ns()
        own_ns = sounded.lip_sync.sound.own_ns(heard.ticks)
        due_ns = None if offset_ns is None else self._arrivals.of(sounded.session, own_ns + offset_ns)
        placed = None if due_ns is None else self._line.place(due_ns, len(heard.samples))
        if placed is None:
            return None
        self._heard_s = time.monotonic()
        jumped, self._jumped = self._jumped, False
        samples = heard.samples[placed.skip :]
        duration_ns = len(samples) * 1_000_000_000 // RATE
        captured_ns = round(heard.arrived_s * 1e9)
        meta = {"rate": RATE}
        return {"audio": Frame(placed.pts_ns, 0, duration_ns, captured_ns, samples, meta, discontinuity=jumped)}

    def _beside_sound(self, shown: Frame) -> Mapping[str, Frame | Gap]:
        """Where no sound comes, it is said with each picture: else nodes that merge would wait for it."""
        if shown.discontinuity:
            self._jumped = True
            self._line.pass_by(shown.pts_ns - 1)  # what the sender before said later is not heard any more
        if time.monotonic() - self._heard_s < SILENT_S:
            return {"out": shown}
        self._line.pass_by(shown.pts_ns)
        return {"out": shown, "audio": Gap(shown.pts_ns)}

    def _fallback(self) -> Frame | None:
        now_s = time.monotonic()
        if self._bars is None or self._receiving or now_s - self._barred_s < BARS_EVERY_S:
            return None
        self._barred_s = now_s
        now_ns = round(now_s * 1e9)
        return self._frame(self._bars, _BARS, ticks_of(now_ns), now_ns)

    def _frame(self, picture: Yuv420p, session: str, ticks: int, arrived_ns: int) -> Frame:
        moment = self._arrivals.place(session, ticks, arrived_ns)
        return Frame(moment.pts_ns, 0, moment.duration_ns, arrived_ns, picture, discontinuity=moment.jumped)


def colour_bars(size: Size) -> Yuv420p:
    """White, yellow, cyan, green, magenta, red, blue at 75 %."""
    half = size[0] // 2, size[1] // 2
    return Yuv420p(_bars(_LUMA, size), _bars(_BLUE, half), _bars(_RED, half))


def _bars(levels: Sequence[int], size: Size) -> Image:
    row = np.array(levels, np.uint8)[np.arange(size[0]) * len(levels) // size[0]]
    return np.repeat(row[None], size[1], axis=0)
