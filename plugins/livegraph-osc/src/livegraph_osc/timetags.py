"""Bundles that are to take effect later: pure logic, told what time it is."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

from livegraph_osc.refused import Refused

HORIZON_S = 10.0
MOST_MESSAGES = 4_096
"""Messages that may wait."""
NTP_TO_UNIX_S = 2_208_988_800
"""From 1900 to 1970."""

T = TypeVar("T")


class Schedule(Generic[T]):
    """What is due when, in seconds since 1970."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, int, T]] = []
        self._number = self._messages = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, at_s: float, now_s: float, what: T, messages: int) -> None:
        """`Refused` beyond the horizon, or where too much waits: nobody's packet may hold memory for long."""
        if at_s - now_s > HORIZON_S:
            raise Refused("timetag", f"{at_s - now_s:.0f} s ahead; {HORIZON_S:g} s at most")
        if self._messages + messages > MOST_MESSAGES:
            raise Refused("queue", f"more than {MOST_MESSAGES} messages wait for their time")
        self._messages += messages
        self._number += 1
        heapq.heappush(self._waiting, (at_s, self._number, messages, what))

    def due(self, now_s: float) -> list[T]:
        """What its time has come for, in order; it is let go."""
        found = []
        while self._waiting and self._waiting[0][0] <= now_s:
            _, _, messages, what = heapq.heappop(self._waiting)
            self._messages -= messages
            found.append(what)
        return found

    def wait_s(self, now_s: float) -> float | None:
        """Until the next is due; None where nothing waits."""
        return max(self._waiting[0][0] - now_s, 0.0) if self._waiting else None


def unix_s(timetag: int) -> float:
    """An NTP timetag (seconds since 1900, 32.32 bits) in seconds since 1970."""
    return timetag / (1 << 32) - NTP_TO_UNIX_S
