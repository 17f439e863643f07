"""Time as RTP tells it (RFC 3550, section 5.1): ticks of 1/90000 s in 32 bits, which wrap after 13 hours. Pure."""

from __future__ import annotations

from fractions import Fraction

CLOCK_RATE = 90_000
TIME_BASE = Fraction(1, CLOCK_RATE)


def ticks_of(pts_ns: int) -> int:
    """A graph's time in ticks, rounded down; not wrapped."""
    return pts_ns * 9 // 100_000


def ns_of(ticks: int) -> int:
    return ticks * 100_000 // 9


def nearest(number: int, to: int, bits: int = 32) -> int:
    """A number of `bits` bits that wraps, as the one nearest to `to`, which does not."""
    span = 1 << bits
    step = (number - to) % span
    return to + (step if step < span // 2 else step - span)


class Unwrapped:
    """Numbers of `bits` bits that wrap, as numbers that do not: each is taken for the nearest to the newest."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self.newest: int | None = None

    def place(self, number: int) -> int:
        """Where a number stands. An older one, come late, stands below the newest; below 0 if need be."""
        if self.newest is None:
            self.newest = number
            return number
        placed = nearest(number, self.newest, self._bits)
        self.newest = max(self.newest, placed)
        return placed


class Rising:
    """Ticks for a sender: those of each picture's pts, and at least one more than before."""

    def __init__(self) -> None:
        self._last = -1

    def place(self, pts_ns: int) -> int:
        self._last = max(ticks_of(pts_ns), self._last + 1)
        return self._last
