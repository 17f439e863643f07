"""A figure: something measured, beside the bar that it has to meet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value. `at_most`: whether the bar is an upper limit (a time) or a lower one (a rate). `note`: what
    helps to judge the value, such as the parts that it is made of.
    """

    name: str
    value: float
    unit: str
    bar: float
    at_most: bool = True
    note: str = ""

    @property
    def met(self) -> bool:
        """NaN, which is what nothing could be measured gives, meets no bar."""
        return self.value <= self.bar if self.at_most else self.value >= self.bar
