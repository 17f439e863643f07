"""When a node is to do less work, and when it may do more again. Pure logic: it is told facts, and says what to do.

Down fast, up slowly. Down: in a few looks in a row most frames were too old when they reached a sink, or some, or too
few got in; the node that takes longest per frame does less. Up: for seconds all was well, and by what the rungs were
seen to cost it would be with more work. One node at a time, and no judgement before the last step is seen at the sinks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, inf, log

from livegraph.quality.facts import KEPT_NS, NEARLY_ALL, TYPICAL, Look, Window, admitted, age
from livegraph.quality.ladder import PATIENCE_NS, Climber

S = 1_000_000_000
AIM = 0.95
"""Share of the budget that is aimed at: what is shown is a little older than what has come."""
HEADROOM = 0.85
"""Share of that which more work may fill, by what is foreseen."""
UP_NS, UP_AFTER_REBUILD_NS = 3 * S, 15 * S
"""How long all must have been well before a node does more; where that builds it anew, the picture stops meanwhile."""
DOWN_TO_REBUILD_NS = KEPT_NS * 9 // 10
UNEVEN_NS = KEPT_NS
"""How long more than a twentieth of the frames may be too old, where most are not."""
TRIAL_NS = 5 * S
"""A step up that is regretted within this time was a mistake, and is not soon made again."""
DOUBT_NS = 20 * S
"""After so long a calm a step up is tried although it is foreseen not to fit: what the rungs cost may be another."""
SEEN_NS = 10 * S
"""How long a step may take until it is seen at the sinks."""
CREDITS_NS = 1_200_000_000
"""More work needs other credits, which are looked at once a second: so long its ages mean nothing."""
FAR = 1.5
"""Times the budget."""
CLEARLY = 0.9
"""Of a service time that was too long, what may not be."""
BUSY = 0.9
"""Share of the source's period from which on a node has no time to spare."""
RUNG = 0.3
"""Share of the work that a rung may save, where that has not been seen yet."""


@dataclass(frozen=True, slots=True)
class Step:
    """A node is to go to a level of its ladder."""

    node: str
    level: int
    reason: str


@dataclass(frozen=True, slots=True)
class LetGo:
    """Frames come in time, but are shown too late by what was needed before: from `since_ns` on that is not so."""

    since_ns: int


@dataclass(frozen=True, slots=True)
class Begun:
    """The last step is seen at the sinks: the node is to be measured anew."""

    node: str


@dataclass(slots=True)
class _Taken:
    """The last step, and how it was before."""

    step: Step
    before: int
    service_ns: float
    at_ns: int
    from_pts_ns: int
    seen: bool = False
    learnt: bool = False

    @property
    def up(self) -> bool:
        return self.step.level < self.before


class Pilot:
    """`budget_ns`: how old frames may be (None: no matter); `keep`: which share of the source's frames is to get in."""

    def __init__(self, budget_ns: int | None, keep: float, climbers: Mapping[str, Climber]) -> None:
        self.climbers = climbers
        self._budget_ns = budget_ns
        self._aim_ns = inf if budget_ns is None else AIM * budget_ns
        self._keep = keep
        self._window = Window()
        self._order: list[str] = []
        self._taken: _Taken | None = None
        self._calm_since_ns: int | None = None
        self._uneven_since_ns: int | None = None

    def look(self, look: Look) -> Step | LetGo | Begun | None:
        """What is to be done now, if anything; a `Step` that was made is told to `stepped`."""
        taken = self._taken
        if taken is not None and not taken.seen:
            return self._wait_for(taken, look)
        if taken is not None and taken.up and look.now_ns - taken.at_ns < CREDITS_NS:
            return None
        if len(self._window) and not self._news(self._window.last, look):
            return None
        self._window.add(look)
        return self._decide() if len(self._window) > 1 else None

    def stepped(self, step: Step, from_pts_ns: int, now_ns: int) -> None:
        """It was made, and holds from a pts on."""
        climber = self.climbers[step.node]
        before, climber.level = climber.level, step.level
        self._taken = _Taken(step, before, self._window.service_ns(step.node), now_ns, from_pts_ns)
        self._order += [step.node] * (step.level - before)
        self._forget(step.node, before - step.level)
        self._window.clear()
        self._calm_since_ns = self._uneven_since_ns = None

    def changed(self, node: str, rebuilds: tuple[bool, ...]) -> None:
        """Somebody has changed what a node is wanted to do."""
        climber = self.climbers[node]
        before = climber.level
        climber.begin_anew(rebuilds)
        self._forget(node, before - climber.level)
        self._window.clear()

    # --- judging --------------------------------------------------------------------------------------------------

    def _wait_for(self, taken: _Taken, look: Look) -> Begun | None:
        """Until a step has come to the sinks; it counts from then on."""
        node = look.work[taken.step.node]
        if (look.seen_ns < taken.from_pts_ns or not node.running) and look.now_ns - taken.at_ns < SEEN_NS:
            return None
        taken.seen, taken.at_ns = True, look.now_ns
        self._window.add(look)
        return Begun(taken.step.node)

    def _news(self, before: Look, now: Look) -> bool:
        """Whether frames have come since, or ought to have."""
        return any(now.ages[id].count > before.ages[id].count for id in now.ages) or self._hangs(now)

    def _hangs(self, look: Look) -> bool:
        return any(work.running and work.calling_ns > self._aim_ns for work in look.work.values())

    def _late(self, before: Look, now: Look) -> bool:
        too_old = age(before.ages, now.ages, TYPICAL) > self._aim_ns or self._hangs(now)
        return too_old or admitted(before, now) < self._keep

    def _too_late(self) -> bool:
        """Not by a single hiccup. A machine that did not suffice a moment ago is believed sooner."""
        window, warned = self._window, self._taken is not None and not self._taken.up
        looks = 2 if warned else 3
        return window.all(self._far_too_late, 2) or window.all(self._late, looks) or window.all(self._partly_late, 4)

    def _far_too_late(self, before: Look, now: Look) -> bool:
        return age(before.ages, now.ages, TYPICAL) > FAR * self._aim_ns

    def _partly_late(self, before: Look, now: Look) -> bool:
        return age(before.ages, now.ages, NEARLY_ALL) > self._aim_ns

    def _uneven(self) -> bool:
        """Whether the budget is missed for long although most frames keep it."""
        now_ns = self._window.last.now_ns
        if self._window.shown(NEARLY_ALL) <= self._aim_ns:
            self._uneven_since_ns = None
        elif self._uneven_since_ns is None:
            self._uneven_since_ns = now_ns
        return self._uneven_since_ns is not None and now_ns - self._uneven_since_ns > UNEVEN_NS

    def _learn(self) -> None:
        """What the last step saved, or cost."""
        taken = self._taken
        if taken is not None and not taken.learnt and (service := self._window.service_ns(taken.step.node)) > 0:
            taken.learnt = True
            self.climbers[taken.step.node].costs.learn((taken.before, taken.service_ns), (taken.step.level, service))

    # --- deciding -------------------------------------------------------------------------------------------------

    def _decide(self) -> Step | LetGo | None:
        window = self._window
        self._learn()
        if self._too_late():
            return self._down()
        if self._late(window.before, window.last):
            self._calm_since_ns = None
            return None
        if (held_back := self._held_back()) is not None:
            return held_back
        return self._down() if self._uneven() else self._up()

    def _held_back(self) -> LetGo | None:
        before, now = self._window.before, self._window.last
        comes_in_time = age(before.ages, now.ages, NEARLY_ALL) <= self._aim_ns
        too_late = age(before.shown, now.shown, TYPICAL) > self._aim_ns
        return LetGo(before.seen_ns) if comes_in_time and too_late else None

    def _down(self) -> Step | None:
        self._calm_since_ns = None
        taken, now = self._taken, self._window.last
        for id, climber in self.climbers.items():
            climber.too_long_ns[climber.level] = self._window.service_ns(id)
        if taken is not None and taken.up and now.now_ns - taken.at_ns < TRIAL_NS:
            self.climbers[taken.step.node].regret(now.now_ns)
            return Step(taken.step.node, taken.before, f"{self._why()}: it was too early")
        able = [id for id, climber in self.climbers.items() if not climber.lowest and now.work[id].running]
        if not able:
            return None
        node = max(able, key=lambda id: self._window.service_ns(id) / now.work[id].take)
        climber, level = self.climbers[node], self._enough(node)
        if any(climber.rebuilds[climber.level : level]) and not self._late_for_long():
            return None
        return Step(node, level, f"{self._why()}; {node} takes {self._window.service_ns(node) / 1e6:.0f} ms a call")

    def _late_for_long(self) -> bool:
        """Whether it is worth to stop the picture for."""
        window = self._window
        return window.length_ns >= DOWN_TO_REBUILD_NS and window.all(self._late, len(window) - 1)

    def _enough(self, node: str) -> int:
        """The first level at which all is foreseen to be well, else the last; but no rung that builds the node anew is
        taken together with others.
        """
        climber = self.climbers[node]
        most = max(climber.lowest_live, climber.level + 1)
        for level in range(climber.level + 1, most):
            if climber.costs.ratio(climber.level, level) is None:
                return self._guessed(node, level, most)
            if self._fits(node, level):
                return level
        return most

    def _guessed(self, node: str, level: int, most: int) -> int:
        """Where nothing was seen of `level` and those below: as many rungs as it would take if each saved a `RUNG`."""
        service, before, now = self._window.service_ns(node), self._window.before, self._window.last
        if self._budget_ns is None or not service:
            return level
        still_to_come = self._window.grown_ns(node)  # the frames that arrived have not waited for a slow call yet
        too_much = (age(before.ages, now.ages, TYPICAL) + still_to_come - self._aim_ns) / service
        rungs = ceil(log(1 - too_much) / log(1 - RUNG)) if too_much < 1 else most
        return min(max(self.climbers[node].level + rungs, level), most)

    def _up(self) -> Step | None:
        now = self._window.last
        if self._taken is not None and self._taken.up and now.now_ns - self._taken.at_ns >= TRIAL_NS:
            self.climbers[self._taken.step.node].patience_ns = PATIENCE_NS
        node = self._order[-1] if self._order else None
        if node is None or not self._well() or not now.work[node].running:
            self._calm_since_ns = None
            return None
        if self._calm_since_ns is None:
            self._calm_since_ns = now.now_ns
        climber, calm_ns = self.climbers[node], now.now_ns - self._calm_since_ns
        level = climber.level - 1
        needed = UP_AFTER_REBUILD_NS if climber.rebuilds[level] else UP_NS
        if now.now_ns < climber.not_before_ns or calm_ns < needed:
            return None
        if self._fits(node, level):
            return Step(node, level, f"{self._how_well()}; more fits")
        if calm_ns >= max(DOUBT_NS, climber.patience_ns):
            return Step(node, level, f"{self._how_well()} for {calm_ns / 1e9:.0f} s; a try")
        return None

    def _well(self) -> bool:
        """Whether nearly all was within the headroom lately."""
        return self._window.age(NEARLY_ALL) <= HEADROOM * self._aim_ns and self._window.admitted >= self._keep

    def _fits(self, node: str, level: int) -> bool:
        """Whether all would be well with a node at a level, by what it was seen to cost. What is unknown might."""
        window, climber = self._window, self.climbers[node]
        ratio = climber.costs.ratio(climber.level, level)
        if ratio is None:
            return True
        up, take, period = level < climber.level, window.last.work[node].take, window.period_ns
        service = window.service_ns(node, looks=len(window) if up else 2)
        takes = service * ratio
        if up and takes > CLEARLY * climber.too_long_ns.get(level, inf):
            return False
        foreseen = window.age(NEARLY_ALL) + takes - service
        if take == 1 and service < period and takes > BUSY * period:
            foreseen += min(takes, period)  # with no time to spare, a frame waits for the one before
        if foreseen > HEADROOM * self._aim_ns:
            return False
        return self._keep == 0 or period * take >= self._keep * takes

    # --- telling --------------------------------------------------------------------------------------------------

    def _why(self) -> str:
        before, now = self._window.before, self._window.last
        refused = f"{1 - admitted(before, now):.0%} of the frames refused"
        if self._budget_ns is None:
            return refused
        shown = max(age(before.ages, now.ages, NEARLY_ALL), self._window.shown(NEARLY_ALL))
        return f"age {shown / 1e6:.0f} ms of {self._budget_ns / 1e6:.0f} ms, {refused}"

    def _how_well(self) -> str:
        if self._budget_ns is None:
            return f"{self._window.admitted:.0%} of the frames get in"
        return f"age {self._window.age(NEARLY_ALL) / 1e6:.0f} ms of {self._budget_ns / 1e6:.0f} ms"

    def _forget(self, node: str, times: int) -> None:
        """The newest of its steps."""
        for _ in range(times):
            place = len(self._order) - 1 - self._order[::-1].index(node)
            del self._order[place]
