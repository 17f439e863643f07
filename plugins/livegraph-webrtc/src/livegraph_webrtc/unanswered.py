"""Messages that came and wait to be answered."""

from __future__ import annotations

import asyncio
from collections import deque

MOST = 64
MOST_SIZE = 128 << 10
"""Characters, or bytes, of all of them: two of the largest."""


class Unanswered:
    """The newest of them, in order: of too many the oldest are left out, for where a fader ends counts more than how it
    got there. On one loop.
    """

    def __init__(self) -> None:
        self._waiting: deque[str | bytes] = deque()
        self._size = 0
        self._some = asyncio.Event()

    def add(self, said: str | bytes) -> bool:
        """Whether there was room, or others had to be left out."""
        self._waiting.append(said)
        self._size += len(said)
        self._some.set()
        full = False
        while len(self._waiting) > MOST or (self._size > MOST_SIZE and len(self._waiting) > 1):
            self._size -= len(self._waiting.popleft())
            full = True
        return not full

    async def take(self) -> str | bytes:
        """The next one, once there is one."""
        while not self._waiting:
            self._some.clear()
            await self._some.wait()
        said = self._waiting.popleft()
        self._size -= len(said)
        return said

    def __len__(self) -> int:
        return len(self._waiting)
