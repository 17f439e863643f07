"""Where branches part and meet again by pts: no frame may be lost on one of them alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from livegraph.graph.draft import Draft, Step, Wire
from livegraph.graph.plan import Role

_LOSSY = ("latest", "drop_oldest")
_MEETING = ("primary", "exact", "nearest", "merge")


@dataclass(frozen=True, slots=True)
class Meeting:
    """A wire that loses frames between `fork` and `join`, where the branches meet at `port`."""

    wire: Wire
    fork: str
    join: str
    port: str
    role: Role

    def __str__(self) -> str:
        return f"the ways that part at {self.fork} meet again by time at {self.join}.{self.port}"


def losses(draft: Draft, roles: Collection[Role]) -> Iterator[Meeting]:
    """Every lossy wire that lies between a fork and a join of one of these roles."""
    for step in draft.steps.values():
        primary = step.primary()
        others = [wire for wire in step.wires if wire.role in roles and wire is not primary]
        if primary is None or not others:
            continue
        first = _above(draft, primary)
        for other in others:
            yield from _between(draft, step, other, first, _above(draft, other))


def _between(
    draft: Draft, step: Step, other: Wire, first: dict[Wire, None], second: dict[Wire, None]
) -> Iterator[Meeting]:
    shared = {wire.src.node for wire in first} & {wire.src.node for wire in second}
    for wire in [*first, *second]:
        if wire.policy in _LOSSY and (wire in first) != (wire in second):
            fork = _last_shared(draft, wire, shared)
            if fork is not None:
                yield Meeting(wire, fork, step.id, other.port, other.role)


def _last_shared(draft: Draft, wire: Wire, shared: set[str]) -> str | None:
    """The nearest node upstream of a wire that lies on both ways."""
    if wire.src.node in shared:
        return wire.src.node
    for start in draft.steps[wire.src.node].wires:
        if start.role in _MEETING:
            found = [other.src.node for other in _above(draft, start) if other.src.node in shared]
            if found:
                return found[0]
    return None


def _above(draft: Draft, wire: Wire) -> dict[Wire, None]:
    """A wire and all upstream of it whose loss would be felt at its end, nearest first."""
    found = {wire: None}
    queue = [wire]
    for current in queue:
        for before in draft.steps[current.src.node].wires:
            if before.role in _MEETING and before not in found:
                found[before] = None
                queue.append(before)
    return found
