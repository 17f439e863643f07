"""Assembly of a node's inputs by pts: pure logic over edges, no clock of its own and no waiting.

The *group* (the primary and its exact partners) fires where all heads agree; *held* inputs are looked up at the
primary's pts; a *merge* takes every item of every port in pts order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from livegraph.frame import Frame, Ticket
from livegraph.runtime.edge import NEVER, Edge

FOREVER = 1 << 62


class Fire(NamedTuple):
    """Inputs that belong together. `tickets` may name one ticket twice: each is a hold to release. `jumped`: time has
    jumped in one of them, or in what was taken since the last.
    """

    pts_ns: int
    frame: Frame
    inputs: dict[str, Frame | None]
    tickets: Sequence[Ticket]
    put_ns: int
    jumped: bool = False


class Pass(NamedTuple):
    """Nothing will come of the inputs up to this pts."""

    pts_ns: int
    tickets: Sequence[Ticket]


class Wait(NamedTuple):
    """Not yet decided; look again when an input changes, or at `until_ns`."""

    until_ns: int | None


class End(NamedTuple):
    """Nothing will ever come."""


WAIT = Wait(None)
END = End()
Step = Fire | Pass | Wait | End


class Join:
    """The inputs of one node. `next` says what to do; it takes from the edges only what it returns."""

    def __init__(self, edges: Mapping[str, Edge], live: bool, period_ns: int = 33_000_000) -> None:
        self.live = live
        self.period_ns = period_ns
        self._edges = dict(edges)
        merges = any(edge.plan.role == "merge" for edge in edges.values())  # then the primary is merged with the rest
        taken = {port: edge for port, edge in edges.items() if edge.plan.role in _TAKEN}
        self._group, self._merged = ({}, taken) if merges else (taken, {})
        self._held = [
            _held(port, edge, live, lambda: self.period_ns)
            for port, edge in edges.items()
            if edge.plan.role not in _TAKEN
        ]
        self._primary = next(iter(self._group.values()), None)
        self._alone = next(iter(edges)) if len(edges) == 1 and self._group else None
        self._bound = NEVER
        self._jumped = False
        self._since: tuple[int, int] = (NEVER, 0)

    @property
    def starved(self) -> bool:
        """Whether no input lies here to work on."""
        return not any(edge.entries for edge in (self._group or self._merged).values())

    @property
    def shortfalls(self) -> list[Shortfall]:
        """Delays that are shorter than asked for."""
        return [look.shortfall for look in self._held if isinstance(look, Feedback) and look.shortfall is not None]

    def next(self, now_ns: int) -> Step:
        if self._alone is not None:
            return self._next_alone(self._alone)
        return self._next_merged(now_ns) if self._merged else self._next_group(now_ns)

    def _next_alone(self, port: str) -> Step:
        edge = self._edges[port]
        if edge.entries:
            frame, tickets, put_ns = edge.pop()
            return Fire(frame.pts_ns, frame, {port: frame}, tickets, put_ns, frame.discontinuity)
        return self._quiet((edge,), edge.ended)

    def _next_group(self, now_ns: int) -> Step:
        edges = self._group.values()
        pts = min((edge.entries[0].frame.pts_ns for edge in edges if edge.entries), default=None)
        if pts is None or self._over():
            return self._quiet(edges, self._over())
        if (wait := self._undecided(edges, pts, now_ns)) is not None:
            return wait
        primary = self._primary
        assert primary is not None
        if not self._complete(pts):
            return Pass(pts, self._take(pts)[1])
        held: dict[str, Frame | None] = {}
        for look in self._held:
            found = look.at(pts, now_ns, self._waited(pts, now_ns))
            if isinstance(found, Wait):
                return found
            if found is None and not look.edge.plan.optional:
                return Pass(pts, self._take(pts)[1])
            held[look.port] = found
        put_ns = primary.entries[0].put_ns
        inputs, tickets = self._take(pts)
        for look in self._held:
            look.fired(pts)
        frame = inputs[next(iter(self._group))]
        assert frame is not None
        return Fire(pts, frame, {**inputs, **held}, tickets, put_ns, self._told())

    def _next_merged(self, now_ns: int) -> Step:
        edges = self._merged.values()
        pts = min((edge.entries[0].frame.pts_ns for edge in edges if edge.entries), default=None)
        if pts is None:
            return self._quiet(edges, all(edge.ended for edge in edges))
        if (wait := self._undecided(edges, pts, now_ns)) is not None:
            return wait
        inputs, tickets = self._take(pts)
        frame = next(item for item in inputs.values() if item is not None)
        return Fire(pts, frame, inputs, tickets, 0, self._told())

    def _undecided(self, edges: Collection[Edge], pts: int, now_ns: int) -> Wait | None:
        """A Wait while some port may still bring something at or before `pts`; live, no longer than its `wait`."""
        for edge in edges:
            if not edge.entries and not edge.ended and edge.bound < pts:
                limit = edge.plan.wait_ns
                if limit is None and edge.plan.role == "merge":
                    limit = self.period_ns
                if not self.live or limit is None:
                    return WAIT
                if (until := self._waited(pts, now_ns) + limit) > now_ns:
                    return Wait(until)
        return None

    def _complete(self, pts: int) -> bool:
        for edge in self._group.values():
            here = bool(edge.entries) and edge.entries[0].frame.pts_ns == pts
            if not here and (edge is self._primary or not edge.plan.optional):
                return False
        return True

    def _take(self, pts: int) -> tuple[dict[str, Frame | None], list[Ticket]]:
        """Pop the heads at `pts`; a port without one gives None."""
        inputs: dict[str, Frame | None] = {}
        tickets: list[Ticket] = []
        for port, edge in (self._group or self._merged).items():
            inputs[port] = None
            if edge.entries and edge.entries[0].frame.pts_ns == pts:
                entry = edge.pop()
                inputs[port] = entry.frame
                tickets.extend(entry.tickets)
                self._jumped = self._jumped or entry.frame.discontinuity
        self._bound = pts
        return inputs, tickets

    def _told(self) -> bool:
        """Whether time has jumped in what was taken since this was last asked."""
        jumped, self._jumped = self._jumped, False
        return jumped

    def _over(self) -> bool:
        """A port that cannot be done without is at its end: no set will be complete again."""
        return any(
            edge.ended and not edge.entries and (edge is self._primary or not edge.plan.optional)
            for edge in self._group.values()
        )

    def _quiet(self, edges: Collection[Edge], ended: bool) -> Step:
        """No head to work on: pass the bound on, or wait, or end."""
        bound = min((FOREVER if edge.ended else edge.bound) for edge in edges)
        if self._bound < bound < FOREVER:
            self._bound = bound
            return Pass(bound, ())
        return END if ended else WAIT

    def _waited(self, pts: int, now_ns: int) -> int:
        """Since when the set at `pts` has been waiting."""
        if self._since[0] != pts:
            self._since = (pts, now_ns)
        return self._since[1]


_TAKEN = ("primary", "exact", "merge")


class Hold:
    """The newest value at or before a pts, from a history. Live it never waits; offline it waits for the bound."""

    def __init__(self, port: str, edge: Edge, live: bool, period_ns: Callable[[], int]) -> None:
        self.port = port
        self.edge = edge
        self.live = live
        self.period_ns = period_ns
        self._value: Frame | None = None

    def at(self, pts: int, now_ns: int, since_ns: int) -> Frame | Wait | None:
        if not self.live and self.edge.bound < pts and not self.edge.ended:
            self._forget(pts)
            return WAIT
        self._forget(pts)
        age = self.edge.plan.max_age_ns
        if self._value is not None and age is not None and pts - self._value.pts_ns > age:
            return None
        return self._value

    def fired(self, pts: int) -> None:
        """The set at `pts` is complete."""

    def _forget(self, pts: int) -> None:
        entries = self.edge.entries
        while entries and entries[0].frame.pts_ns <= pts:
            self._value = self.edge.pop().frame


class Nearest(Hold):
    """The value nearest to a pts within a tolerance (half a period unless said); waits for its bound, live at most for
    `wait` (a period).
    """

    def at(self, pts: int, now_ns: int, since_ns: int) -> Frame | Wait | None:
        plan = self.edge.plan
        reach = plan.tolerance_ns if plan.tolerance_ns is not None else self.period_ns() // 2
        self._forget(pts)
        after = self.edge.entries[0].frame if self.edge.entries else None
        exact = self._value is not None and self._value.pts_ns == pts
        if not exact and after is None and self.edge.bound < pts + reach and not self.edge.ended:
            if not self.live:
                return WAIT
            if (until := since_ns + (plan.wait_ns if plan.wait_ns is not None else 2 * reach)) > now_ns:
                return Wait(until)
        near = [frame for frame in (self._value, after) if frame is not None and abs(frame.pts_ns - pts) <= reach]
        return min(near, key=lambda frame: abs(frame.pts_ns - pts), default=None)


class Shortfall(NamedTuple):
    """A delay that its wire cannot hold: frames asked for, and what is there of them."""

    edge: Edge
    asked: int
    held: int

    def __str__(self) -> str:
        plan = self.edge.plan
        if self.asked > plan.capacity:
            room = f"capacity: {self.asked}"
        else:
            room = f"max_bytes: {self.asked * self.edge.nbytes // max(len(self.edge.entries), 1)}"
        return (
            f"node {plan.dst}: {plan.port}: a delay of {self.asked} frames does not fit: the wire holds {self.held}, "
            f"and the oldest of these comes back; edge: {{{room}}} makes room for all"
        )


class Feedback(Hold):
    """The picture of so many primary frames ago (`core.delay` in a cycle); None until there have been so many. Where
    the wire could not keep it, the oldest that there is.
    """

    def __init__(self, port: str, edge: Edge, live: bool, period_ns: Callable[[], int]) -> None:
        super().__init__(port, edge, live, period_ns)
        self._past: deque[int] = deque(maxlen=edge.plan.delay_frames)
        self.shortfall: Shortfall | None = None

    def at(self, pts: int, now_ns: int, since_ns: int) -> Frame | Wait | None:
        if len(self._past) < (self._past.maxlen or 1):
            return None
        found = super().at(self._past[0], now_ns, since_ns)
        entries = self.edge.entries
        if self.edge.shed_ns > (self._value.pts_ns if self._value is not None else NEVER) and entries:
            self.shortfall = Shortfall(self.edge, len(self._past), len(entries))
            return entries[0].frame
        return found

    def fired(self, pts: int) -> None:
        self._past.append(pts)


def _held(port: str, edge: Edge, live: bool, period_ns: Callable[[], int]) -> Hold:
    kinds: dict[str, type[Hold]] = {"nearest": Nearest, "feedback": Feedback}
    return kinds.get(edge.plan.role, Hold)(port, edge, live, period_ns)
