"""When a sound card's blocks were captured, by the run's clock. Pure logic."""

from __future__ import annotations

from typing import NamedTuple

SECOND_NS = 1_000_000_000
JUMP_NS = 40_000_000
"""More than this at once is no drift: samples were lost."""
_WINDOW_NS = 2 * SECOND_NS


class Placed(NamedTuple):
    """When a block's first sample was captured, and whether it does not follow the block before."""

    pts_ns: int
    jumped: bool


class SoundClock:
    """A card counts samples evenly, but by a clock of its own; arrivals tell true time, but unevenly, for a busy
    machine gets to them late. So samples are counted, and the count is moved by the least delay that arrivals of the
    last 2 to 4 seconds had: that follows the card's drift. What the card held back before a block came counts as zero.
    """

    def __init__(self, rate: int) -> None:
        """`rate`: samples a second, by the card's clock."""
        self._rate = rate
        self._begin_ns: int | None = None
        self._moved_ns = 0

    def place(self, samples: int, arrived_ns: int) -> Placed:
        """The place of a block whose last sample arrived at `arrived_ns`."""
        captured_ns = arrived_ns - samples * SECOND_NS // self._rate
        if self._begin_ns is None:
            self._begin(captured_ns)
        counted_ns = self._counted_ns
        moved_ns = self._least(captured_ns - counted_ns, captured_ns)
        jumped = abs(moved_ns - self._moved_ns) > JUMP_NS
        if jumped:
            counted_ns, moved_ns = counted_ns + moved_ns, 0
            self._begin(counted_ns)
        self._moved_ns = moved_ns
        self._samples += samples
        return Placed(counted_ns + moved_ns, jumped)

    @property
    def _counted_ns(self) -> int:
        assert self._begin_ns is not None
        return self._begin_ns + self._samples * SECOND_NS // self._rate

    def _begin(self, at_ns: int) -> None:
        self._begin_ns, self._samples, self._moved_ns = at_ns, 0, 0
        self._part_began_ns = at_ns
        self._part = self._part_before = 0

    def _least(self, delay_ns: int, now_ns: int) -> int:
        """The least delay of this part of the window and of the part before."""
        if now_ns - self._part_began_ns > _WINDOW_NS:
            self._part_began_ns, self._part_before, self._part = now_ns, self._part, delay_ns
        self._part = min(self._part, delay_ns)
        return min(self._part, self._part_before)
