"""Who waits: one wake-up per worker, and the count of those that can still move."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Progress:
    """Counts the workers that can move. When none can, `on_quiet` is asked to find out why."""

    __slots__ = ("_alive", "_loop", "active", "on_quiet")

    def __init__(self, loop: asyncio.AbstractEventLoop, on_quiet: Callable[[], None] | None = None) -> None:
        self._loop = loop
        self._alive = 0
        self.active = 0
        self.on_quiet = on_quiet

    def joined(self) -> None:
        """A worker begins."""
        self._alive += 1
        self.active += 1

    def left(self) -> None:
        """A worker has ended."""
        self._alive -= 1
        self.idle()

    def busy(self) -> None:
        self.active += 1

    def idle(self) -> None:
        self.active -= 1
        if self.active == 0 and self._alive > 0 and self.on_quiet is not None:
            self._loop.call_soon(self._look)

    def _look(self) -> None:
        if self.active == 0 and self._alive > 0 and self.on_quiet is not None:
            self.on_quiet()


class Wakeup:
    """A worker waits for one thing only: that something changed. It then looks again by itself.

    A `set` between a look and the `wait` is kept, so no change is lost. The one who is woken counts as active from the
    moment of `set`, so that quiet means quiet.
    """

    __slots__ = ("_flag", "_future", "_loop", "_progress")

    def __init__(self, loop: asyncio.AbstractEventLoop, progress: Progress) -> None:
        self._loop = loop
        self._progress = progress
        self._flag = False
        self._future: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> bool:
        return self._future is not None

    def set(self) -> None:
        future = self._future
        if future is None:
            self._flag = True
        else:
            self._future = None
            self._progress.busy()
            if not future.done():
                future.set_result(None)

    async def wait(self, until: float | None = None) -> None:
        """Until the next `set`, or the loop's time `until` (seconds)."""
        if self._flag:
            self._flag = False
            return
        future = self._future = self._loop.create_future()
        timer = None if until is None else self._loop.call_at(until, self.set)
        self._progress.idle()
        try:
            await future
        finally:
            if self._future is future:  # cancelled before anyone called
                self._future = None
                self._progress.busy()
            if timer is not None:
                timer.cancel()
