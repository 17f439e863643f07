"""`core.lfo`: a low-frequency oscillator, computed at the pts of whoever reads it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from typing import Literal

from livegraph.declare import Out
from livegraph.node import Function
from livegraph.params import Param
from livegraph.types import Signal


class Lfo(Function):
    """Swing between `low` and `high`, `frequency` times a second."""

    out: Out[Signal]
    shape: Literal["sine", "triangle", "saw", "square", "random-smooth"] = Param(
        "sine", live=True, doc="how it swings; random-smooth drifts from one random value to the next"
    )
    frequency: float = Param(0.1, gt=0, le=100, live=True, unit="Hz", doc="turns per second")
    low: float = Param(0.0, live=True, doc="the least value")
    high: float = Param(1.0, live=True, doc="the greatest value")
    phase: float = Param(0.0, ge=0, le=1, live=True, doc="where in its turn it begins")

    def at(self, pts_ns: int) -> float:
        """Between `low` and `high`; sine and triangle begin at `low` and rise."""
        turns = pts_ns / 1e9 * self.params.frequency + self.params.phase
        share = SHAPES[self.params.shape](turns)
        return float(self.params.low + (self.params.high - self.params.low) * share)


def sine(turns: float) -> float:
    return 0.5 - 0.5 * math.cos(2 * math.pi * turns)


def triangle(turns: float) -> float:
    return 1 - abs(2 * (turns % 1) - 1)


def saw(turns: float) -> float:
    return turns % 1


def square(turns: float) -> float:
    return 0.0 if turns % 1 < 0.5 else 1.0


def random_smooth(turns: float) -> float:
    """A random value at each whole turn, and a smooth way between (3t^2 - 2t^3)."""
    turn = math.floor(turns)
    rest = turns - turn
    here, there = random_value(turn), random_value(turn + 1)
    return here + (there - here) * rest * rest * (3 - 2 * rest)


def random_value(turn: int) -> float:
    """0..1, the same for the same turn on every machine."""
    digest = hashlib.blake2b(str(turn).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / ((1 << 64) - 1)


SHAPES: Mapping[str, Callable[[float], float]] = {
    "sine": sine,
    "triangle": triangle,
    "saw": saw,
    "square": square,
    "random-smooth": random_smooth,
}
