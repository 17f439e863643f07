"""Whether a sink keeps the latency budget, judged by what it showed lately: a bad moment passes. Pure logic."""

from __future__ import annotations

from livegraph.observe.histogram import Histogram

SHARE = 0.95
"""Share of the frames that is to be within the budget."""
LEAST = 30
"""Frames that a judgement is based on."""
CALM = 3
"""Judgements in a row that find the budget kept before it counts as kept again."""


class Budget:
    """The budget of one sink. `missed`: it is not kept, or not long enough since."""

    def __init__(self, budget_ns: int) -> None:
        self.missed = False
        self._budget_ns = budget_ns
        self._judged = Histogram()
        self._calm = 0

    def look(self, ages: Histogram) -> bool:
        """Judge what has come since the last judgement, once it is enough. True where `missed` has changed."""
        fresh = ages.since(self._judged)
        if fresh.count < LEAST:
            return False
        self._judged = ages.copy()
        before = self.missed
        self._calm = 0 if fresh.percentile(SHARE) > self._budget_ns else self._calm + 1
        self.missed = self._calm == 0 or (before and self._calm < CALM)
        return self.missed != before
