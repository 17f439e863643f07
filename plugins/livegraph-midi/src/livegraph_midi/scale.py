"""From where a fader stands to a knob's value, and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from livegraph import Knob
from livegraph_midi.mapping import Curve, Entry
from livegraph_midi.place import meant

Shape = Callable[[float], float]

SHAPES: dict[Curve, tuple[Shape, Shape]] = {
    "linear": (lambda x: x, lambda y: y),
    "smooth": (lambda x: x * x * (3 - 2 * x), lambda y: 0.5 - math.sin(math.asin(1 - 2 * y) / 3)),
    "exponential": (lambda x: (2 ** (10 * x) - 1) / 1023, lambda y: math.log2(1 + 1023 * y) / 10),
}
"""As livegraph's ramps have them, with their inverses; that of 3x^2 - 2x^3 by the triple angle of the sine."""


class Scale:
    """One entry's way between 0..1 and the values of its knob. `ValueError` where a knob has no such values."""

    def __init__(self, knob: Knob, entry: Entry) -> None:
        self.knob = knob
        self._there, self._back = SHAPES[entry.curve]
        self._low, self._high = 0.0, 1.0
        if knob.kind in ("text", "other") and entry.value is None:
            raise ValueError(f"{knob.address} is {knob.kind}, which no knob can turn; `value` sets it to something")
        if knob.kind in ("number", "integer") and entry.value is None:
            self._low, self._high = self._ends(knob, entry)
        elif entry.range is not None:
            raise ValueError(f"{knob.address} is a {knob.kind}, and has no range")

    def value(self, share: float) -> Any:
        if self.knob.kind == "switch":
            return share >= 0.5
        if self.knob.kind == "choice":
            return self.knob.choices[min(int(share * len(self.knob.choices)), len(self.knob.choices) - 1)]
        value = self._low + (self._high - self._low) * self._there(share)
        return round(value) if self.knob.kind == "integer" else value

    def share(self, value: Any) -> float:
        """Where a fader has to stand for this value; for one beyond the ends, at the end."""
        if self.knob.kind == "switch":
            return float(bool(value))
        if self.knob.kind == "choice":
            last = len(self.knob.choices) - 1
            return self.knob.choices.index(value) / last if last and value in self.knob.choices else 0.0
        if not isinstance(value, int | float):
            return 0.0
        part = (value - self._low) / (self._high - self._low)
        return min(max(self._back(min(max(part, 0.0), 1.0)), 0.0), 1.0)

    @staticmethod
    def _ends(knob: Knob, entry: Entry) -> tuple[float, float]:
        """Within what the knob allows: a range beyond it is an error, and not half a fader that does nothing."""
        if entry.range is None and not knob.ranged:
            raise ValueError(f"{knob.address} has no range: say which, `{{to: {knob.address}, range: [0, 1]}}`")
        if entry.range is None:
            return float(knob.at_share(0.0)), float(knob.at_share(1.0))
        for end in entry.range:
            if (knob.low is not None and end < knob.low) or (knob.high is not None and end > knob.high):
                raise ValueError(f"range: {knob.address} goes from {knob.low} to {knob.high} (got {end:g})")
        return entry.range


def knob_named(name: str, knobs: Any) -> Knob:
    """`ValueError` offers the nearest."""
    if name not in knobs:
        raise ValueError(f"no control {name!r}. {meant(name, knobs)}")
    knob: Knob = knobs[name]
    return knob
