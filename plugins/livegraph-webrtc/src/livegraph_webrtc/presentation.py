"""One line between a graph's time and the wall's, for all who are sent to."""

from __future__ import annotations

import time
from collections.abc import Callable

_NTP_EPOCH_S = 2_208_988_800
"""From 1900 to 1970 (RFC 5905, figure 4)."""


def ntp_of(unix_ns: int) -> int:
    """64-bit NTP time: seconds since 1900 in the upper half, their 2^-32ths in the lower."""
    seconds, rest_ns = divmod(unix_ns, 1_000_000_000)
    return (seconds + _NTP_EPOCH_S) << 32 | (rest_ns << 32) // 1_000_000_000


def unix_ns_of(ntp: int) -> int:
    return ((ntp >> 32) - _NTP_EPOCH_S) * 1_000_000_000 + ((ntp & 0xFFFFFFFF) * 1_000_000_000 >> 32)


class Presentation:
    """The line goes through the moment when the first picture or sound was due, and stays, so that both are told by the
    same clock however long each takes to encode, and whatever steps this machine's clock makes.
    """

    def __init__(
        self, now_ns: Callable[[], int] = time.monotonic_ns, unix_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._now_ns = now_ns
        self._unix_less_now_ns = unix_ns() - now_ns()
        self._began_ns: int | None = None

    def due(self, pts_ns: int) -> None:
        """Something of this pts is presented now."""
        if self._began_ns is None:
            self._began_ns = self._now_ns() - pts_ns

    def now(self) -> tuple[int, int] | None:
        """NTP time, and the pts that the line has there; None before anything was due."""
        if self._began_ns is None:
            return None
        now_ns = self._now_ns()
        return ntp_of(now_ns + self._unix_less_now_ns), now_ns - self._began_ns
