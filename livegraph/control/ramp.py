"""Ramps: a value on its way to another, as a function of stream time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Curve = Literal["linear", "smooth", "exponential"]
CURVES: tuple[Curve, ...] = get_args(Curve)


@dataclass(frozen=True, slots=True)
class Ramp:
    """From one number to another, within `over_ns` after `begin_ns` (pts)."""

    start: float
    end: float
    begin_ns: int
    over_ns: int
    curve: Curve = "linear"
    whole: bool = False
    """The parameter takes whole numbers."""

    def at(self, pts_ns: int) -> float | int:
        """Exactly `end` from its end on."""
        if pts_ns >= self.begin_ns + self.over_ns:
            return self._fit(self.end)
        share = SHAPES[self.curve](max(pts_ns - self.begin_ns, 0) / self.over_ns)
        return self._fit(self.start + (self.end - self.start) * share)

    def over(self, pts_ns: int) -> bool:
        return pts_ns >= self.begin_ns + self.over_ns

    def _fit(self, value: float) -> float | int:
        return round(value) if self.whole else value


def smooth(share: float) -> float:
    """Begins and ends gently: 3t^2 - 2t^3."""
    return share * share * (3 - 2 * share)


def exponential(share: float) -> float:
    """Begins slowly and ends fast: (2^(10 t) - 1) / (2^10 - 1), as faders and envelopes have it."""
    return float((2 ** (10 * share) - 1) / (2**10 - 1))


SHAPES: Mapping[Curve, Callable[[float], float]] = {
    "linear": lambda share: share,
    "smooth": smooth,
    "exponential": exponential,
}
