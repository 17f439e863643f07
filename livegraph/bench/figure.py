"""What a bench yields: figures beside the bars that they have to meet, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value.

    `bar`: what it has to meet, None where it only informs. `at_most`: whether the bar is an upper limit (a time) or a
    lower one (a rate). `note`: what helps a person to judge the value, such as the parts that it is made of; `detail`:
    the like for programs. `setting`: what it was measured under (model, size, ...), the same names in all figures of a
    bench. `part`: figures of one part stand in a table of their own.
    """

    name: str
    value: float
    unit: str
    bar: float | None = None
    at_most: bool = True
    note: str = ""
    part: str = ""
    setting: Mapping[str, str | int] = field(default_factory=dict)
    detail: Mapping[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """NaN, which is what nothing could be measured gives, meets no bar."""
        if self.bar is None:
            return True
        return self.value <= self.bar if self.at_most else self.value >= self.bar


class Progress(NamedTuple):
    """How far a bench has come with what takes long: yielded between figures, shown and forgotten."""

    what: str
    share: float | None = None
    """0..1; None where the end cannot be foreseen."""
