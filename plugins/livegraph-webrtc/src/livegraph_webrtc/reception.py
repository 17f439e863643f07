"""From what a sender's pictures are to the frames of a source; and what is given while nobody sends."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from livegraph import Frame, Image, Size, Yuv420p
from livegraph_webrtc.arrivals import Arrivals
from livegraph_webrtc.fit import Fitter
from livegraph_webrtc.newest import Newest
from livegraph_webrtc.planes import picture_of
from livegraph_webrtc.rtp_time import ticks_of
from livegraph_webrtc.whip import Arrived

NOBODY_S = 1.0
"""After so long without a picture nobody counts as sending."""
BARS_EVERY_S = 0.2
USUAL_SIZE: Size = (640, 360)
_BARS = "bars"
# ITU-R BT.601, 75 % bars: luma, Cb, Cr.
_LUMA = (180, 162, 131, 112, 84, 65, 35)
_BLUE = (128, 44, 156, 72, 184, 100, 212)
_RED = (128, 142, 44, 58, 198, 212, 114)


class Reception:
    """`read` is the source's; `bars`: the size of the colour bars that stand for a sender, None for no bars."""

    def __init__(self, pictures: Newest[Arrived], fitter: Fitter, bars: Size | None) -> None:
        self._pictures = pictures
        self._fitter = fitter
        self._arrivals = Arrivals()
        self._bars = colour_bars(bars) if bars is not None else None
        self._came_s = self._barred_s = 0.0

    def read(self, wait_s: float) -> Frame | None:
        """The newest picture; None where none comes while waiting."""
        arrived = self._pictures.take(wait_s)
        if arrived is None:
            return self._fallback()
        self._came_s = time.monotonic()
        decoded = arrived.decoded
        picture = self._fitter.picture(picture_of(decoded.frame))
        return self._frame(picture, arrived.session, decoded.ticks, round(decoded.arrived_s * 1e9))

    def status(self) -> dict[str, Any]:
        return {"receiving": self._receiving, "replaced": self._pictures.replaced}

    @property
    def _receiving(self) -> bool:
        return time.monotonic() - self._came_s < NOBODY_S

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
