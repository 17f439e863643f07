"""Where the blocks of a sender's sound belong on the timeline of its pictures. Pure."""

from __future__ import annotations

from typing import NamedTuple

_EVEN_NS = 2_000_000
"""What begins so near the end of the block before follows it."""


class Stretch(NamedTuple):
    """What is kept of a block: all but its first `skip` samples. `pts_ns`: when the first that is kept is due."""

    skip: int
    pts_ns: int


class SoundLine:
    """Blocks in order, none before a bound. What overlaps is cut off at its beginning; a hole stays."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._follows_ns = self._least_ns = 0

    def pass_by(self, until_ns: int) -> None:
        """Nothing will be given at or before `until_ns`: it was promised, or belongs to who sent before."""
        self._least_ns = max(self._least_ns, until_ns + 1)

    def place(self, due_ns: int, samples: int) -> Stretch | None:
        """The next block's place; None where all of it is cut off."""
        if abs(due_ns - self._follows_ns) <= _EVEN_NS:
            due_ns = self._follows_ns
        begin_ns = max(due_ns, self._follows_ns, self._least_ns)
        skip = -(-(begin_ns - due_ns) * self._rate // 1_000_000_000)
        if skip >= samples:
            return None
        pts_ns = due_ns + skip * 1_000_000_000 // self._rate if skip else due_ns
        pts_ns = max(pts_ns, begin_ns)
        self._follows_ns = pts_ns + (samples - skip) * 1_000_000_000 // self._rate
        return Stretch(skip, pts_ns)
