"""A node on its ladder, and what the rungs cost, as far as that was seen. Pure logic."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import takewhile

LATELY = 3
"""Steps to a level."""
PATIENCE_NS, MOST_PATIENCE_NS = 15_000_000_000, 300_000_000_000


class Costs:
    """Service times by level, as shares of what level 0 (as people want it) takes. Learnt from stepping: the node's
    time before and after a step. Of what was seen lately the most counts: a machine that became free in that moment
    makes a step look cheaper than it is. What was stepped over is taken to lie evenly between.
    """

    def __init__(self) -> None:
        self._measured: dict[int, deque[float]] = {}
        self._seen: dict[int, float] = {0: 1.0}

    def learn(self, before: tuple[int, float], after: tuple[int, float]) -> None:
        """`(level, service time)` right before a step and after it. Where a step down made it slower, or one up faster,
        something else has changed as well, and nothing is learnt.
        """
        (level, took_ns), (new_level, takes_ns) = before, after
        if new_level and took_ns > 0 and (takes_ns < took_ns) == (new_level > level):
            measured = self._measured.setdefault(new_level, deque(maxlen=LATELY))
            measured.append(self._share(level) * takes_ns / took_ns)
            self._seen[new_level] = max(measured)

    def ratio(self, level: int, other: int) -> float | None:
        """How many times as long `other` takes as `level`; None where that was never seen."""
        if max(level, other) > max(self._seen):
            return None
        return self._share(other) / self._share(level)

    def _share(self, level: int) -> float:
        if level in self._seen:
            return self._seen[level]
        below = max(each for each in self._seen if each < level)
        above = min((each for each in self._seen if each > level), default=None)
        if above is None:
            return self._seen[below]
        way = (level - below) / (above - below)
        return self._seen[below] + way * (self._seen[above] - self._seen[below])


@dataclass(slots=True)
class Climber:
    """A node on its ladder. Level 0 is as people want it; `rebuilds`: of each rung, whether it builds the node anew."""

    rebuilds: tuple[bool, ...]
    level: int = 0
    costs: Costs = field(default_factory=Costs)
    too_long_ns: dict[int, float] = field(default_factory=dict)
    """By level, a service time with which frames were too old there."""
    patience_ns: int = PATIENCE_NS
    not_before_ns: int = 0
    """When it may do more again, at the earliest."""

    @property
    def lowest(self) -> bool:
        return self.level >= len(self.rebuilds)

    @property
    def lowest_live(self) -> int:
        """The last level, further down, that is reached without building it anew; its own where there is none."""
        below = self.rebuilds[self.level :]
        return self.level + sum(1 for _ in takewhile(lambda rebuilds: not rebuilds, below))

    def regret(self, now_ns: int) -> None:
        """A step up was a mistake: not again for a while, each time for longer."""
        self.not_before_ns = now_ns + self.patience_ns
        self.patience_ns = min(2 * self.patience_ns, MOST_PATIENCE_NS)

    def begin_anew(self, rebuilds: tuple[bool, ...]) -> None:
        """Its rungs may be others, and cost otherwise."""
        self.rebuilds, self.costs = rebuilds, Costs()
        self.level = min(self.level, len(rebuilds))
        self.too_long_ns.clear()
