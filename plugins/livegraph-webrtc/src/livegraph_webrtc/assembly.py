"""RTP packets of one video in, encoded pictures out, in order. Pure.

A picture is whole with the packet that bears the marker, so it need not wait for the next picture's first packet, as in
aiortc's own jitter buffer. What is missing is waited for as long as a retransmission may take, and then given up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from livegraph_webrtc.rtp_time import Unwrapped

PATIENCE_S = 0.2
"""How long a missing packet is waited for: it is asked for again at once, so this is a round trip and some more."""
MOST_PACKETS = 4096
"""Some 5 MB: more than any picture has."""
_FAR = 3000
"""A packet so far from the others belongs to another stream, or to one that began anew."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A packet, its payload as the decoder wants it. `marker`: the last of its picture."""

    number: int
    timestamp: int
    marker: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture. `ticks` do not wrap; `torn`: what stood before it is missing, perhaps also its beginning."""

    data: bytes
    ticks: int
    arrived_s: float
    torn: bool


class Assembly:
    """Give it packets as they come; `lost` counts those that were given up."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._begin()
        self._times = Unwrapped(32)
        self._torn = True
        self.lost = 0

    def add(self, piece: Piece) -> list[Picture]:
        """The pictures that are whole now."""
        if not self._place(piece):
            return []
        pictures = self._whole()
        if self._waits_too_long():
            self._give_up()
            pictures += self._whole()
        return pictures

    def _begin(self) -> None:
        self._numbers = Unwrapped(16)
        self._pieces: dict[int, tuple[Piece, float]] = {}
        self._next: int | None = None
        self._looked = self._reach = 0
        self._hole: tuple[int, float] | None = None

    def _place(self, piece: Piece) -> bool:
        """Put a packet into its place; False where it comes too late, or twice."""
        newest = self._numbers.newest
        number = self._numbers.place(piece.number)
        if newest is not None and abs(number - newest) > _FAR:
            self._begin()
            self._torn = True
            number = self._numbers.place(piece.number)
        if self._next is None:
            self._go_on(number)
        assert self._next is not None
        if number < self._next or number in self._pieces:
            return False
        self._pieces[number] = piece, self._now_s()
        while self._reach in self._pieces:
            self._reach += 1
        return True

    def _go_on(self, number: int) -> None:
        """The next picture begins here. All before `_looked` belongs to it, all before `_reach` is there."""
        self._next = self._looked = number
        self._reach = max(number, self._reach)

    def _whole(self) -> list[Picture]:
        """Packets of padding alone, by which browsers probe for bandwidth, make no picture."""
        pictures = []
        while (end := self._end()) is not None:
            if (picture := self._take(end)).data:
                pictures.append(picture)
                self._torn = False
        return pictures

    def _end(self) -> int | None:
        """Behind the last packet of the next picture; None where it is not whole."""
        while self._looked < self._reach:
            piece = self._pieces[self._looked][0]
            if piece.timestamp != self._pieces[self._next or 0][0].timestamp:
                return self._looked
            self._looked += 1
            if piece.marker:
                return self._looked
        return None

    def _take(self, end: int) -> Picture:
        assert self._next is not None
        taken = [self._pieces.pop(number) for number in range(self._next, end)]
        self._go_on(end)
        data = b"".join(piece.data for piece, _ in taken)
        ticks = self._times.place(taken[0][0].timestamp)
        return Picture(data, ticks, max(came_s for _, came_s in taken), self._torn)

    def _waits_too_long(self) -> bool:
        """Whether the first packet that is missing has been for too long."""
        assert self._next is not None
        if len(self._pieces) == self._reach - self._next:
            self._hole = None
        elif self._hole is None or self._hole[0] != self._reach:
            self._hole = self._reach, self._now_s()
        late = self._hole is not None and self._now_s() - self._hole[1] > PATIENCE_S
        return late or len(self._pieces) > MOST_PACKETS

    def _give_up(self) -> None:
        """Go on behind the hole, whose picture is dropped with it."""
        assert self._next is not None
        for number in range(self._next, self._reach):
            del self._pieces[number]
        following = min(self._pieces, default=self._reach)
        self.lost += following - self._reach
        self._reach = following
        while self._reach in self._pieces:
            self._reach += 1
        self._go_on(following)
        self._torn, self._hole = True, None
