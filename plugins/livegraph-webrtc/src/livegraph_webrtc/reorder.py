"""Packets that each stand for themselves, as those of sound do, in order. Pure."""

from __future__ import annotations

from typing import Generic, TypeVar

from livegraph_webrtc.rtp_time import Unwrapped

T = TypeVar("T")

PATIENCE = 3
"""So many packets may overtake one that is missing before it is given up: 60 ms of what browsers send."""
_FAR = 1000
"""A packet so far from the others belongs to another stream, or to one that began anew."""


class Reorder(Generic[T]):
    """`lost` counts those that were given up."""

    def __init__(self) -> None:
        self._waiting: dict[int, T] = {}
        self._next: int | None = None
        self._numbers = Unwrapped(16)
        self.lost = 0

    def put(self, number: int, packet: T) -> list[T]:
        """`number`: 16 bits, which wrap. Those that are ready now, in order; one that comes too late, or twice, is left
        out.
        """
        newest = self._numbers.newest
        at = self._numbers.place(number)
        if newest is not None and abs(at - newest) > _FAR:
            self._numbers, self._waiting, self._next = Unwrapped(16), {}, None
            at = self._numbers.place(number)
        if self._next is None:
            self._next = at
        if at < self._next:
            return []
        self._waiting[at] = packet
        ready = self._following()
        if len(self._waiting) > PATIENCE:
            first = min(self._waiting)
            self.lost += first - self._next
            self._next = first
            ready += self._following()
        return ready

    def _following(self) -> list[T]:
        assert self._next is not None
        ready = []
        while self._next in self._waiting:
            ready.append(self._waiting.pop(self._next))
            self._next += 1
        return ready
