"""Where the blocks of a file's sound belong on the timeline of its pictures. Pure logic."""

from __future__ import annotations

from typing import NamedTuple

_SECOND_NS = 1_000_000_000
_JUMP_NS = _SECOND_NS
_EVEN_NS = 2_000_000
"""Containers round times, Matroska to 1 ms. Up to twice that from where the last block ends is no hole."""


class Stretch(NamedTuple):
    """What is kept of a block: all but its first `skip` samples. `pts_ns`: when the first that is kept is due."""

    skip: int
    pts_ns: int
    jumped: bool


class SoundTimeline:
    """Blocks follow each other by their count of samples, without a hole or an overlap of a few samples. What overlaps
    is cut off at its beginning; a real hole stays.
    """

    def __init__(self) -> None:
        self._begin_ns = 0
        self._samples = 0
        self._rate = 0
        self._passed_ns = 0
        self.late_ns = 0
        """How much was cut off since it began (anew) because it was found too late."""
        self._offset_ns: int | None = None
        self._begun = self._jumped = False

    @property
    def follows_ns(self) -> int:
        """When what was placed last is over."""
        return self._begin_ns + (self._samples * _SECOND_NS // self._rate if self._rate else 0)

    def restart(self, begin_ns: int) -> None:
        """What comes next begins anew (a loop): nothing of it is before `begin_ns`."""
        self._begin_ns, self._samples = begin_ns, 0
        self._offset_ns, self.late_ns = None, 0
        self._jumped = self._begun

    def pass_by(self, pts_ns: int) -> None:
        """Nothing was there at or before `pts_ns`: what should have been, and is found later, is cut off."""
        self._passed_ns = max(self._passed_ns, pts_ns + 1)

    def is_ahead(self, pts_ns: int | None, offset_ns: int) -> bool:
        """Whether the sound has jumped back already, and the pictures, whose `offset_ns` it needs, have not."""
        return pts_ns is not None and self._due(pts_ns, offset_ns)[0] <= self.follows_ns - _JUMP_NS and self._begun

    def place(self, pts_ns: int | None, samples: int, rate: int, offset_ns: int) -> Stretch | None:
        """The next block's place; None where it is all cut off. `pts_ns` as the file has it, None where unknown;
        `offset_ns`: what pictures of now have between the file's time and the timeline's.
        """
        follows = self.follows_ns
        if rate != self._rate:
            self._begin_ns, self._samples, self._rate = follows, 0, rate
        least = max(follows, self._passed_ns)
        due, offset = (least, self._offset_ns) if pts_ns is None else self._due(pts_ns, offset_ns)
        skip = round((least - due) * rate / _SECOND_NS) if due < least - _EVEN_NS else 0
        if least > follows:
            self.late_ns += min(skip, samples) * _SECOND_NS // rate
        if skip >= samples:
            return None
        if due > follows + _EVEN_NS or least > follows:
            follows = max(due, least)
            self._begin_ns, self._samples = follows, 0
        self._samples += samples - skip
        jumped = self._jumped or (self._offset_ns is not None and offset != self._offset_ns)
        self._offset_ns, self._begun, self._jumped = offset, True, False
        return Stretch(skip, follows, jumped)

    def _due(self, pts_ns: int, offset_ns: int) -> tuple[int, int]:
        """Around a jump it may be the pictures' offset of now or the one before: that by which it follows best."""
        offsets = (offset_ns,) if self._offset_ns is None else (self._offset_ns, offset_ns)
        offset = min(offsets, key=lambda each: abs(pts_ns + each - self.follows_ns))
        return pts_ns + offset, offset
