"""When a live picture is shown: at its pts plus one offset, which all sinks of a run share.

Pure logic. The offset is what nearly every frame needs to arrive in time: it grows at once when frames come later, and
shrinks too slowly to be seen, but where time jumps or frames are made otherwise: there, what is too much is let go at
once.
"""

from __future__ import annotations

from collections import deque

WINDOW_NS = 2_500_000_000
"""Stream time over which lateness is judged."""
SHARE = 0.97
"""Share of the frames that is to be in time."""
SHRINK = 0.03
"""How much faster than real time the show may run to win latency back: not seen by eye."""
EXCESS_NS = 100_000_000
"""At a jump, a smaller excess than this is left to shrink: a loop that begins anew is not to stutter for it."""


class Playout:
    """One offset between pts and presentation for the whole run: audio and video, and every sink, share it."""

    def __init__(self) -> None:
        self.offset_ns = 0
        self._late: deque[tuple[int, int]] = deque()

    def let_go(self, since_pts_ns: int) -> None:
        """From this pts on frames have come otherwise (less work was done for them): what those before needed is
        forgotten, and what is too much for these is let go at once.
        """
        fresh = [each for each in self._late if each[0] >= since_pts_ns]
        if fresh:
            self._late = deque(fresh)
            self.offset_ns = min(self.offset_ns, max(late for _, late in fresh))

    def arrived(self, pts_ns: int, late_ns: int, *, jumped: bool = False) -> None:
        """A frame came `late_ns` after its pts (run time minus pts). `jumped`: it does not follow the one before; what
        that one needed (a slower camera, say, which a chunk node waited for) says nothing of what comes now.
        """
        if jumped and late_ns < self.offset_ns - EXCESS_NS:
            self._late.clear()
            self.offset_ns = late_ns
        step = pts_ns - self._late[-1][0] if self._late else 0
        self._late.append((pts_ns, late_ns))
        while self._late[0][0] < pts_ns - WINDOW_NS:
            self._late.popleft()
        ranked = sorted(late for _, late in self._late)
        wanted = ranked[min(int(SHARE * len(ranked)), len(ranked) - 1)]
        if wanted > self.offset_ns:
            self.offset_ns = wanted
        else:
            self.offset_ns -= min(self.offset_ns - wanted, round(SHRINK * max(step, 0)))
