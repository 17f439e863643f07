"""Admission: credits, latest-wins. Pure logic: it is told the time, and calls `admit`.

A live source offers here what each of its reads gave: a frame, or one for each of several ports, which enter together
or not at all. While the graph is at work on as many as there are credits, a single slot keeps the newest; the one that
it replaces is dropped before any work was spent on it. How many credits are right follows from measured service times;
see `Credits`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
"""What one read gave; the gate does not look into it."""

CALM_LOOKS = 10
STARVED = 0.03
"""Share of the time that a bottleneck may wait for input while frames are refused."""
SOURCE_BOUND = 0.8
"""Share of the source's period below which a bottleneck has time to spare: there, credits cost no standing latency."""
MOST_IDLE = 4
"""Trim where the bottleneck has time to spare. Where it has not, each credit adds a service time to every age and soon
gains no rate, so half the base is the most.
"""


@dataclass(slots=True)
class Load:
    """What a look at one node finds: ns per call, frames per call, and the share of the time without input."""

    service_ns: float
    take: int = 1
    waited: float = 0.0


class Credits:
    """How many frames a source may have in work: K = ceil(CP/b - 0.03) + trim.

    `b` is the largest mean service time per input frame, CP the longest path of service times plus chunk fill: with K
    frames the bottleneck always has its next input ready, and no frame waits behind another for longer than that takes.
    """

    def __init__(self, take: int, nodes: int) -> None:
        self.take = take
        self.base = max(2 * take if take > 1 else 1, min(nodes, 2))
        self.trim = 0
        self.floor = 1
        self._calm = 0
        self._idle = False

    @property
    def count(self) -> int:
        return max(self.base + self.trim, self.floor)

    def look(
        self, loads: Mapping[str, Load], parents: Mapping[str, Sequence[str]], period_ns: float, refused: int
    ) -> int:
        """Measure again, once a second; returns CP in ns (0 while nothing is measured).

        `parents` names each attached node's inputs among the attached nodes, in topological order.
        """
        if all(load.service_ns <= 0 for load in loads.values()):
            return 0
        bottleneck = max(loads.values(), key=lambda load: load.service_ns / load.take)
        ends: dict[str, float] = {}
        for node, before in parents.items():
            ends[node] = max((ends[other] for other in before), default=0.0) + _through(loads[node], period_ns)
        longest = max(ends.values())
        self.base = max(1, math.ceil(longest / (bottleneck.service_ns / bottleneck.take) - 0.03))
        if self.take > 1:
            self.base = 2 * self.take
        each_ns = bottleneck.service_ns / bottleneck.take
        idle = each_ns < SOURCE_BOUND * period_ns
        if self._idle and each_ns > period_ns:
            self.trim = 0  # what cost nothing while there was time to spare makes every frame older now
        self._idle = idle or (self._idle and each_ns <= period_ns)
        self._tune(refused > 0 and bottleneck.waited > STARVED, MOST_IDLE if idle else max(1, self.base // 2))
        return round(longest)

    def _tune(self, starved: bool, most: int) -> None:
        if starved:
            self.trim = min(self.trim + 1, most)
            self._calm = 0
            return
        self._calm += 1
        if self._calm >= CALM_LOOKS:
            self._calm = 0
            self.floor = 1
            self.trim = max(0, self.trim - 1)

    def begin_anew(self) -> None:
        """A node works otherwise from now on: how many more than the base were needed says nothing of it."""
        self.trim = self._calm = 0

    def retake(self, take: int) -> None:
        """Chunks are of another size from now on. Fewer credits follow at the next look, more are there at once."""
        self.take = take
        if take > 1:
            self.base = max(self.base, 2 * take)

    def stalled(self, out: int, need: int) -> None:
        """Every node waits, and a frame is refused: the floor was too low."""
        self.floor = out + need
        self._calm = 0


def _through(load: Load, period_ns: float) -> float:
    return load.service_ns + (load.take - 1) * period_ns


class Gate(Generic[Item]):
    """The door of one source. `admit(item)` lets one in; `all_wait()` says whether every attached node waits for input;
    `ready_in(now)` is the time (ns) until the chunk node can start a chunk that is not filled yet; `missing()` is how
    many frames its next chunk lacks, beside those on their way to it; `lose(item)` is told of each that is dropped.
    """

    def __init__(
        self,
        credits: Credits,
        admit: Callable[[Item], None],
        all_wait: Callable[[], bool],
        ready_in: Callable[[int], float],
        missing: Callable[[], int] = lambda: 1,
        lose: Callable[[Item], None] = lambda item: None,
    ) -> None:
        self.credits = credits
        self.out = 0
        self.offered = 0
        self.admitted = 0
        self.refused = 0
        self.dropped = 0
        self.period_ns = 33_333_333.0
        self._admit = admit
        self._all_wait = all_wait
        self._ready_in = ready_in
        self._missing = missing
        self._lose = lose
        self._slot: Item | None = None
        self._burst = 0
        self._last_ns = 0

    def offer(self, item: Item, now_ns: int) -> None:
        """Something new from the source: in, or into the slot."""
        self.offered += 1
        self._measure(now_ns)
        self._clear_slot()
        if self._burst or self._may_open(now_ns):
            self._enter(item)
            return
        self._slot = item
        self.refused += 1
        if self._all_wait():
            self.credits.stalled(self.out, self.credits.take)
            self._let_in()

    def settled(self, now_ns: int) -> None:
        """A credit has come home."""
        self.out -= 1
        if self._slot is not None and not self._burst and self._may_open(now_ns):
            self._let_in()

    @property
    def holds(self) -> bool:
        """Whether something waits in the slot."""
        return self._slot is not None

    def finish(self) -> None:
        """The stream has ended by itself: what it gave last gets in, whatever the credits say."""
        self._let_in()

    def close(self) -> Item | None:
        """No more: gives back what still waits in the slot."""
        slot, self._slot = self._slot, None
        return slot

    def retake(self, take: int) -> None:
        """Chunks are of another size from now on: no burst goes on that was meant for one of before."""
        if take != self.credits.take:
            self.credits.retake(take)
            self._burst = 0

    def _let_in(self) -> None:
        """What is in the slot, if anything, is the first of a burst."""
        if self._slot is not None:
            item, self._slot = self._slot, None
            self._enter(item)

    def _may_open(self, now_ns: int) -> bool:
        """Whether a burst (of one frame, where no node takes chunks) may start now.

        Before a chunk node it starts at the last frame that still lets the fill end before the node comes free: one
        period later would be too late, earlier would only make frames old.
        """
        take = self.credits.take
        if self.out + take > self.credits.count:
            return False
        return take == 1 or self._ready_in(now_ns) < take * self.period_ns

    def _enter(self, item: Item) -> None:
        """A burst lasts until the chunk is complete, whatever was lost on the way, as far as the credits reach."""
        self._burst = max(0, min(self._missing(), self.credits.count - self.out) - 1)
        self.out += 1
        self.admitted += 1
        self._admit(item)

    def _clear_slot(self) -> None:
        """What waited there is dropped for a newer one."""
        older, self._slot = self._slot, None
        if older is not None:
            self.dropped += 1
            self._lose(older)

    def _measure(self, now_ns: int) -> None:
        """The source's period, smoothed. A pause is no period; a step counts as twice the period at most, so that short
        pauses do not pass for a slower source, and one that has become slower is believed after some frames.
        """
        step, self._last_ns = now_ns - self._last_ns, now_ns
        if 0 < step < 1_000_000_000:
            if self.offered > 2:
                self.period_ns += 0.1 * (min(step, 2 * self.period_ns) - self.period_ns)
            else:
                self.period_ns = step
