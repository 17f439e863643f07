"""Puts a source's pts on the run's timeline: rising whatever the source does. Pure logic."""

from __future__ import annotations

from dataclasses import replace

from livegraph.frame import Frame

SLACK_NS = 500_000_000
"""Live: how far a source's own clock may stray from ours before its pts are re-based."""
STEP_NS = 1_000_000
"""The least step after a jump: where a frame says no duration, or live is ahead of our clock already."""


class Timeline:
    """One source's timeline. Offline its own pts stay; live they count from the run's start, by one shift per port.

    Pts that jump (a loop, a seek, a reopened device, a clock that strays) are re-based and flagged `discontinuity`.
    """

    def __init__(self, live: bool) -> None:
        self._live = live
        self._seq = 0
        self._shift: dict[str, int] = {}
        self._last: dict[str, Frame] = {}
        self._reopened = False

    def reopened(self) -> None:
        """The source was opened anew: what it says of time has nothing to do with before."""
        self._reopened = self._seq > 0

    def late(self, by_ns: int) -> None:
        """What could be had at any time came late: the rest of the stream moves with it."""
        self._shift = {port: shift + by_ns for port, shift in self._shift.items()}

    @property
    def end_ns(self) -> int:
        return max((frame.pts_ns + frame.duration_ns for frame in self._last.values()), default=0)

    def place(self, port: str, frame: Frame, now_ns: int, *, paced: bool) -> Frame:
        """The frame with its number and its place in the run. `now_ns` is run time; `paced` sources have no clock."""
        raw, last = frame.pts_ns, self._last.get(port)
        shift = self._shift.get(port)
        jumped = frame.discontinuity or self._reopened
        if shift is None:
            shift = now_ns - raw if self._live else 0
        elif self._live and (self._reopened or (not paced and abs(raw + shift - now_ns) > SLACK_NS)):
            shift, jumped = now_ns - raw, True
        if last is not None and raw + shift <= last.pts_ns:
            ahead = self._live and not paced and last.pts_ns + last.duration_ns > now_ns + SLACK_NS
            step = STEP_NS if ahead else last.duration_ns or STEP_NS  # what comes all at once must not delay the rest
            shift, jumped = last.pts_ns + step - raw, True
        placed = replace(frame, pts_ns=raw + shift, seq=self._seq, discontinuity=jumped)
        self._shift[port], self._last[port] = shift, placed
        self._reopened = False
        self._seq += 1
        return placed
