"""What a wire makes of a signal before a parameter gets it: range, smoothing, and the bounds of the parameter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from livegraph.core.one_pole import OnePole
from livegraph.graph.plan import NodePlan, Shape
from livegraph.params import Params, bounds


class Shaper:
    """The wired parameters of one node. Asked with rising pts."""

    def __init__(self, plan: NodePlan) -> None:
        self._shapes = {param: _Shaped(shape) for param, shape in plan.shapes.items()}

    def laid_over(self, snapshot: Params, pts_ns: int, values: Mapping[str, Any]) -> Params:
        """A copy with what signals give in place of its own numbers, each held within its parameter's range: a signal
        may swing further than a knob. What is no finite number leaves the parameter as it is.
        """
        laid: dict[str, float] = {}
        for name, value in values.items():
            if math.isfinite(value):
                shaped = self._shapes[name].at(pts_ns, value) if name in self._shapes else value
                laid[name] = _within(shaped, *bounds(type(snapshot), name))
        return snapshot.model_copy(update=laid) if laid else snapshot


class _Shaped:
    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._smooth = OnePole()

    def at(self, pts_ns: int, value: float) -> float:
        if self._shape.range is not None:
            low, high = self._shape.range
            value = low + (high - low) * _within(value, 0.0, 1.0)
        return self._smooth.at(pts_ns, value, self._shape.smooth_ns / 1e9) if self._shape.smooth_ns else value


def _within(value: float, low: float | None, high: float | None) -> float:
    if low is not None and value < low:
        return low
    return high if high is not None and value > high else value
