"""Smoothing in time."""

from __future__ import annotations

import math


class OnePole:
    """A low-pass of first order: follows a value with a time constant, exactly for one that stands between two looks.
    It begins with the first value.
    """

    def __init__(self) -> None:
        self._level: float | None = None
        self._pts_ns = 0

    def at(self, pts_ns: int, value: float, tau_s: float) -> float:
        """Asked with rising pts; `tau_s` may change from one look to the next."""
        passed_s = max(0, pts_ns - self._pts_ns) / 1e9
        if self._level is None or tau_s <= 0:
            self._level = value
        else:
            self._level += (value - self._level) * -math.expm1(-passed_s / tau_s)
        self._pts_ns = pts_ns
        return self._level
