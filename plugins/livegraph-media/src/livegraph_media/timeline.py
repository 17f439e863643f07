"""Times as files have them, made into times as a graph needs them: strictly rising, and without unexplained jumps."""

from __future__ import annotations

from dataclasses import dataclass

_JUMP_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """When a picture is due, how long it stays, and whether time jumped before it. Nanoseconds."""

    pts_ns: int
    duration_ns: int
    jumped: bool


class Timeline:
    """A file's timeline: it begins at 0 and continues over loops.

    A picture without a time follows the one before it. A time that does not rise (a duplicate, a small step back) is
    moved to half a period after the one before it; a step back of a second or more is a jump, after which time
    continues one period on.
    """

    def __init__(self, period_ns: int) -> None:
        """`period_ns`: the nominal time between pictures."""
        self._period_ns = period_ns
        self._offset_ns: int | None = None
        self._last: Moment | None = None

    @property
    def offset_ns(self) -> int:
        """From the file's own time to this one, as it is now."""
        return self._offset_ns or 0

    def restart(self) -> None:
        """What comes next begins anew (a loop): its time continues here."""
        self._offset_ns = None

    def place(self, pts_ns: int | None, duration_ns: int) -> Moment:
        """The moment of the next picture. `duration_ns` is 0 where unknown."""
        duration_ns = duration_ns or self._period_ns
        last = self._last
        follows = 0 if last is None else last.pts_ns + last.duration_ns
        jumped = last is not None and self._offset_ns is None
        if pts_ns is None:
            due = follows
            self._offset_ns = self._offset_ns or 0
        else:
            if self._offset_ns is None:
                self._offset_ns = follows - pts_ns
            due = pts_ns + self._offset_ns
            if last is not None and due <= last.pts_ns - _JUMP_NS:
                self._offset_ns, due, jumped = follows - pts_ns, follows, True
        if last is not None and due <= last.pts_ns:
            due = last.pts_ns + max(1, last.duration_ns // 2)
        self._last = Moment(due, duration_ns, jumped)
        return self._last


class Arrivals:
    """A device's timeline: its own times where they keep pace with the clock, for they are more even than arrivals."""

    DRIFT_NS = 300_000_000

    def __init__(self) -> None:
        self._offset_ns: int | None = None
        self._origin_ns: int | None = None
        self._last_ns = -1

    def restart(self) -> None:
        """The device was opened anew: its times have another origin."""
        self._offset_ns = None

    def place(self, pts_ns: int | None, arrived_ns: int) -> int:
        """When a picture is due, nanoseconds after the first one arrived. Strictly rising."""
        if self._origin_ns is None:
            self._origin_ns = arrived_ns
        arrived_ns -= self._origin_ns
        if pts_ns is None:
            due = arrived_ns
        else:
            if self._offset_ns is None or abs(pts_ns + self._offset_ns - arrived_ns) > self.DRIFT_NS:
                self._offset_ns = arrived_ns - pts_ns
            due = pts_ns + self._offset_ns
        self._last_ns = max(due, self._last_ns + 1)
        return self._last_ns
