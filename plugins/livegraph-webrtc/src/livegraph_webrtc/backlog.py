"""Encoded pictures on their way to who takes them one by one: a viewer's connection, a decoder. Pure."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Backlog(Generic[T]):
    """At most `capacity` pictures. Nothing enters before a keyframe; a taker that falls behind is skipped ahead to the
    next one, for what lies between would be decoded upon pictures that it never got.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: deque[T] = deque()
        self.starved = True
        """Nothing enters but a keyframe."""
        self.skipped = 0
        """Pictures that were left out, all told."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, picture: T, keyframe: bool) -> bool:
        """Whether the picture was taken in."""
        if len(self._waiting) >= self._capacity:
            self.skipped += len(self._waiting)
            self._waiting.clear()
            self.starved = True
        if self.starved and not keyframe:
            self.skipped += 1
            return False
        self.starved = False
        self._waiting.append(picture)
        return True

    def take(self) -> T | None:
        """The oldest, if there is one."""
        return self._waiting.popleft() if self._waiting else None

    def starve(self) -> None:
        """A picture is missing from here on: what waits may still be taken, what follows needs a keyframe."""
        self.starved = True
