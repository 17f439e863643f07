"""Puts a source's pts on the run's timeline: rising whatever the source does. Pure logic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from livegraph.frame import Frame

SLACK_NS = 500_000_000
"""Live: how far a source's own clock may stray from ours before its pts are re-based."""
STEP_NS = 1_000_000
"""Where a frame says no duration: the least step after a jump."""
FAR_NS = 1 << 62


class Timeline:
    """One source's timeline. Offline its own pts stay; live they count from the run's start, by one shift: all ports of
    a source tell time by one clock, so that sound and picture stay together.

    Pts that jump (a loop, a seek, a reopened device, a clock that strays) are re-based, for every port at once, and the
    next frame of each is flagged `discontinuity`.
    """

    def __init__(self, live: bool) -> None:
        self._live = live
        self._seq = 0
        self._shift_ns: int | None = None
        self._last: dict[str, Frame] = {}
        self._lead_ns: dict[str, int] = {}
        self._jumped: set[str] = set()
        self._reopened = False

    def reopened(self) -> None:
        """The source was opened anew: what it says of time has nothing to do with before."""
        self._reopened = bool(self._last)

    def late(self, by_ns: int) -> None:
        """What could be had at any time came late: the rest of the stream moves with it."""
        self._shift_ns = (self._shift_ns or 0) + by_ns

    @property
    def end_ns(self) -> int:
        return max((frame.pts_ns + frame.duration_ns for frame in self._last.values()), default=0)

    def place(self, moment: Mapping[str, Frame], now_ns: int, *, paced: bool) -> dict[str, Frame]:
        """What one read gave, with its number and its place in the run. `now_ns` is run time; `paced` sources have no
        clock.
        """
        shift = self._shift(moment, now_ns, paced)
        placed: dict[str, Frame] = {}
        for port, frame in moment.items():
            jumped = frame.discontinuity or port in self._jumped
            placed[port] = replace(frame, pts_ns=frame.pts_ns + shift, seq=self._seq, discontinuity=jumped)
        self._jumped.difference_update(placed)
        self._last.update(placed)
        self._seq += 1
        return placed

    def _shift(self, moment: Mapping[str, Frame], now_ns: int, paced: bool) -> int:
        """The shift for this moment, re-based where it has to be."""
        port = next(iter(moment)) if len(moment) == 1 else min(moment, key=lambda port: moment[port].pts_ns)
        raw, before = moment[port].pts_ns, self._shift_ns
        shift = before if before is not None else now_ns - raw if self._live else 0
        if self._live and self._reopened:
            self._lead_ns.clear()
            shift = now_ns - raw
        elif self._live and not paced:
            stray = raw + shift - now_ns - self._lead_ns.setdefault(port, raw + shift - now_ns)
            shift -= stray if abs(stray) > SLACK_NS else 0
        ahead = now_ns + SLACK_NS if self._live and not paced else FAR_NS
        shift = self._rising(moment, shift, raw, ahead)
        if self._reopened or (before is not None and shift != before):
            self._jumped.update(self._last)
        self._shift_ns, self._reopened = shift, False
        return shift

    def _rising(self, moment: Mapping[str, Frame], shift: int, raw: int, ahead: int) -> int:
        """The least shift with which each port's pts rise. What goes far back (a loop, a seek), or was opened anew,
        begins behind all that any port has given; what is `ahead` already, as a backlog that comes all at once, moves
        on by the least step, so that it does not delay what follows.
        """
        falls = {
            port: last
            for port, frame in moment.items()
            if (last := self._last.get(port)) is not None and frame.pts_ns + shift <= last.pts_ns
        }
        if not falls:
            return shift
        back = max(last.pts_ns - moment[port].pts_ns - shift for port, last in falls.items())
        if self._reopened or back > SLACK_NS:
            return _behind(self._last.values(), ahead) - raw
        return max(_behind((last,), ahead) - moment[port].pts_ns for port, last in falls.items())


def _behind(frames: Iterable[Frame], ahead: int) -> int:
    """The first pts that follows all of these; none of them lasts beyond `ahead`."""
    ends = ((frame.pts_ns, frame.pts_ns + (frame.duration_ns or STEP_NS)) for frame in frames)
    return max(end if end <= ahead else pts + STEP_NS for pts, end in ends)
