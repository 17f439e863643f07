"""What undo goes back to: pure logic."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEPTH = 100
"""How many steps can be undone."""
TOGETHER_S = 1.0
"""A knob that is turned on within this time is one step, however many values it passed."""


@dataclass(slots=True)
class Step:
    before: dict[str, Any]
    origin: str
    at_s: float


class History:
    """Values before each change, by the target that was changed."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque(maxlen=DEPTH)

    def note(self, before: Mapping[str, Any], origin: str, now_s: float) -> None:
        """A change is to be made to what had these values."""
        last = self._steps[-1] if self._steps else None
        same = last is not None and last.origin == origin and last.before.keys() == before.keys()
        if same and last is not None and now_s - last.at_s < TOGETHER_S:
            last.at_s = now_s
        else:
            self._steps.append(Step(dict(before), origin, now_s))

    def back(self) -> dict[str, Any] | None:
        """What to set so that the last change is undone; None where there is none left."""
        return self._steps.pop().before if self._steps else None
