"""What is seen of a run, look by look. Pure logic."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from livegraph.observe.histogram import Histogram

TYPICAL, NEARLY_ALL = 0.75, 0.95
"""Shares of the frames."""
KEPT_NS = 3_000_000_000
"""What is remembered of the looks."""

Ages = Mapping[str, Histogram]
"""By sink."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a node has done since the run began."""

    calls: int
    total_ns: int
    take: int = 1
    """Frames per call."""
    calling_ns: int = 0
    """How long it has been in the call of now."""
    running: bool = True


@dataclass(frozen=True, slots=True)
class Look:
    """The facts at one moment; the counts are since the run began."""

    now_ns: int
    ages: Ages
    """How old frames were when they reached a sink, before they wait to be shown."""
    shown: Ages
    """How old they were when they were seen."""
    work: Mapping[str, Work]
    """By node that has a ladder."""
    offered: int
    admitted: int
    seen_ns: int
    """Up to which pts all sinks have come."""


class Window:
    """The looks of the last few seconds, since the last step."""

    def __init__(self) -> None:
        self._looks: deque[Look] = deque()

    def __len__(self) -> int:
        return len(self._looks)

    @property
    def first(self) -> Look:
        return self._looks[0]

    @property
    def last(self) -> Look:
        return self._looks[-1]

    @property
    def before(self) -> Look:
        """The last but one."""
        return self._looks[-2]

    @property
    def length_ns(self) -> int:
        return self.last.now_ns - self.first.now_ns

    def add(self, look: Look) -> None:
        self._looks.append(look)
        while len(self._looks) > 3 and look.now_ns - self._looks[1].now_ns >= KEPT_NS:
            self._looks.popleft()

    def clear(self) -> None:
        self._looks.clear()

    def all(self, judge: Callable[[Look, Look], bool], times: int) -> bool:
        """Whether the newest so many steps from look to look were all so."""
        newest = list(self._looks)[-1 - times :]
        return len(newest) > times and all(judge(*pair) for pair in pairwise(newest))

    def age(self, share: float) -> float:
        """Which age (ns) a share of the frames stayed below when they reached a sink."""
        return age(self.first.ages, self.last.ages, share)

    def shown(self, share: float) -> float:
        """The same when they were seen."""
        return age(self.first.shown, self.last.shown, share)

    @property
    def admitted(self) -> float:
        return admitted(self.first, self.last)

    @property
    def period_ns(self) -> float:
        """From one frame of the source to the next."""
        return self.length_ns / max(self.last.offered - self.first.offered, 1)

    def service_ns(self, node: str, looks: int = 2) -> float:
        """Per call, in so many of the newest looks, or in more where it made none in these; 0: in none."""
        if not self._looks:
            return 0.0
        now = self.last.work[node]
        for look in list(self._looks)[-1 - looks :: -1] or [self.first]:
            then = look.work[node]
            if now.calls > then.calls:
                return (now.total_ns - then.total_ns) / (now.calls - then.calls)
        return float(now.calling_ns)

    def grown_ns(self, node: str) -> float:
        """By how much a call takes longer in the newest two looks than it did before."""
        then, now = self.first.work[node], self._looks[max(len(self) - 3, 0)].work[node]
        if now.calls == then.calls:
            return 0.0
        return max(self.service_ns(node) - (now.total_ns - then.total_ns) / (now.calls - then.calls), 0.0)


def age(before: Ages, now: Ages, share: float) -> float:
    """Of the frames between two looks, at the sink where it is worst (ns)."""
    return max((now[id].since(before[id]).percentile(share) for id in now), default=0.0)


def admitted(before: Look, now: Look) -> float:
    """Which share of the source's frames got in."""
    offered = now.offered - before.offered
    return (now.admitted - before.admitted) / offered if offered else 1.0
