"""`core.math`: signals made of other signals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from livegraph.core.one_pole import OnePole
from livegraph.declare import In, Out
from livegraph.node import Function
from livegraph.params import Param
from livegraph.types import Signal

COMBINED: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "product": math.prod,
    "min": min,
    "max": max,
}


class Math(Function):
    """`a` mapped to another range, held within one, or smoothed; or `a`, `b` and `constant`, as far as they are there,
    as one number.
    """

    a: In[Signal] = In(doc="a signal")
    b: In[Signal] = In(optional=True, doc="another: sum, product, min and max take it in")
    out: Out[Signal]
    op: Literal["map", "clamp", "smooth", "sum", "product", "min", "max"] = Param(
        "map", live=True, doc="map: from one range to another, and on beyond it; clamp: held within low..high"
    )
    constant: float | None = Param(None, live=True, doc="one more number for sum, product, min and max")
    from_low: float = Param(0.0, live=True, doc="map: what becomes `low`")
    from_high: float = Param(1.0, live=True, doc="map: what becomes `high`")
    low: float = Param(0.0, live=True, doc="map, clamp: the low end")
    high: float = Param(1.0, live=True, doc="map, clamp: the high end")
    time: float = Param(0.2, ge=0, le=3600, live=True, unit="s", doc="smooth: the time constant of a low-pass")

    _pole: OnePole | None = None

    def at(self, pts_ns: int, a: float, b: float | None = None) -> float:
        op = self.params.op
        if op == "smooth":
            self._pole = self._pole or OnePole()  # made here: each reader has its own
            return self._pole.at(pts_ns, a, self.params.time)
        self._pole = None
        if op == "map":
            return self._mapped(a)
        if op == "clamp":
            return float(min(max(a, self.params.low), self.params.high))
        return float(COMBINED[op]([value for value in (a, b, self.params.constant) if value is not None]))

    def reset(self) -> None:
        self._pole = None

    def _mapped(self, value: float) -> float:
        """Where the range that it comes from is empty: `low` up to there, `high` beyond."""
        begin, end, low, high = (
            self.params.from_low,
            self.params.from_high,
            self.params.low,
            self.params.high,
        )
        if begin == end:
            return float(high if value > begin else low)
        return float(low + (high - low) * (value - begin) / (end - begin))
