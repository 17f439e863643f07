"""Real and virtual time."""

from __future__ import annotations

import asyncio
import random
import selectors
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

LIVELOCK = 100_000


class RealClock:
    """The machine's monotonic clock."""

    def now_ns(self) -> int:
        return time.monotonic_ns()

    async def sleep_until(self, when_ns: int) -> None:
        if (left := when_ns - time.monotonic_ns()) > 0:
            await asyncio.sleep(left / 1e9)


class VirtualClock:
    """The time of a `VirtualLoop`: passes only while nothing can run."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_ns(self) -> int:
        return self._loop.now_ns

    async def sleep_until(self, when_ns: int) -> None:
        if (left := when_ns - self._loop.now_ns) > 0:
            await asyncio.sleep(left / 1e9)


class Deadlock(RuntimeError):
    """Nothing can run, and no timer is set: the program would wait for ever."""


class ShuffledLoop(asyncio.SelectorEventLoop):
    """An event loop that runs ready tasks in an order drawn from a seed."""

    _ready: deque[asyncio.Handle]  # the base loop's queue of callbacks that can run now

    def __init__(self, seed: int | None, selector: selectors.BaseSelector | None = None) -> None:
        self._order = random.Random(seed) if seed is not None else None
        super().__init__(selector)

    def _run_once(self) -> None:
        if self._order is not None and len(self._ready) > 1:
            self._order.shuffle(self._ready)
        super()._run_once()  # type: ignore[misc]


class VirtualLoop(ShuffledLoop):
    """A shuffled loop that advances a virtual clock instead of sleeping.

    Hours pass in seconds, a schedule is repeatable by its seed, and a deadlock shows the moment nothing can run. For
    nodes on the loop only: a thread's time is real.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.now_ns = 0
        self._round_ns = self._idle_rounds = 0
        super().__init__(seed, _VirtualSelector(self))

    def time(self) -> float:
        return self.now_ns / 1e9

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """A nanosecond late rather than one early: rounding must not wake anyone before the time they asked for."""
        return super().call_at(when + 1e-9, callback, *args, context=context)

    def _run_once(self) -> None:
        self._idle_rounds = self._idle_rounds + 1 if self._round_ns == self.now_ns else 0
        self._round_ns = self.now_ns
        if self._idle_rounds > LIVELOCK:
            raise Deadlock(f"time stands still: {LIVELOCK} rounds of the loop without a timer")
        super()._run_once()


class _VirtualSelector(selectors.BaseSelector):
    """Selects nothing; where the loop would sleep, the clock jumps."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._keys: dict[int, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        self._keys[number] = selectors.SelectorKey(fileobj, number, events, data)
        return self._keys[number]

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj if isinstance(fileobj, int) else fileobj.fileno())

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Deadlock("nothing can run, and no timer is set")
        if timeout > 0:
            self._loop.now_ns += max(1, round(timeout * 1e9))
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys

    def close(self) -> None:
        self._keys.clear()
