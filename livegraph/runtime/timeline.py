"""Puts a source's pts on the run's timeline: rising whatever the source does. Pure logic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from livegraph.frame import Frame, Gap

SLACK_NS = 500_000_000
"""Live: how far a source's own clock may stray from ours before its pts are re-based."""
STEP_NS = 1_000_000
"""Where a frame says no duration: the least step after a jump."""
FAR_NS = 1 << 62


class Mark(NamedTuple):
    """How far a port has come: what follows is after `pts_ns`, be that its last frame's or a Gap's; that frame is over
    at `end_ns`.
    """

    pts_ns: int
    end_ns: int


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
        self._last: dict[str, Mark] = {}
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
        return max((last.end_ns for last in self._last.values()), default=0)

    def place(self, moment: Mapping[str, Frame | Gap], now_ns: int, *, paced: bool) -> dict[str, Frame | Gap]:
        """What one read gave, with its number and its place in the run; Gaps alone have none before the first frame
        has. `now_ns` is run time; `paced` sources have no clock.
        """
        frames = {port: item for port, item in moment.items() if isinstance(item, Frame)}
        if not frames and (self._reopened or (self._live and self._shift_ns is None)):
            return {}
        shift = self._shift(frames, now_ns, paced) if frames else self._shift_ns or 0
        placed: dict[str, Frame | Gap] = {port: self._frame(port, frame, shift) for port, frame in frames.items()}
        for port, item in moment.items():
            if isinstance(item, Gap):
                placed[port] = self._gap(port, item.pts_ns + shift)
        self._seq += bool(frames)
        return placed

    def _frame(self, port: str, frame: Frame, shift: int) -> Frame:
        pts = frame.pts_ns + shift
        jumped = frame.discontinuity or port in self._jumped
        self._jumped.discard(port)
        self._last[port] = Mark(pts, pts + frame.duration_ns)
        return replace(frame, pts_ns=pts, seq=self._seq, discontinuity=jumped)

    def _gap(self, port: str, pts: int) -> Gap:
        last = self._last.get(port, Mark(pts, 0))
        self._last[port] = Mark(max(pts, last.pts_ns), last.end_ns)
        return Gap(pts)

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


def _behind(marks: Iterable[Mark], ahead: int) -> int:
    """The first pts that follows all of these; no frame lasts beyond `ahead`."""
    return max(end if pts < end <= ahead else pts + STEP_NS for pts, end in marks)
