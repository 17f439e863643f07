"""What a plan's nodes will hold in memory beside what there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from livegraph.graph.plan import Plan
from livegraph.memory import MemoryNeed, MemoryPlace, Room
from livegraph.models.place import readable
from livegraph.room import room_of

MARGIN = 0.1
"""Of what is free: left to what allocators lose, and to drivers."""
NAMES: Mapping[MemoryPlace, str] = {"ram": "RAM", "gpu": "GPU memory"}


@dataclass(frozen=True)
class Fit:
    """`rows`: node and need; `room`: of every memory that is needed and known."""

    rows: tuple[tuple[str, MemoryNeed], ...]
    room: Mapping[MemoryPlace, Room]

    def document(self) -> dict[str, Any]:
        """For `--json`; bytes."""
        return {
            "nodes": [_row(node, need) for node, need in self.rows],
            "room": {place: room._asdict() for place, room in self.room.items()},
            "warnings": list(self.warnings),
        }

    def table(self) -> list[tuple[str, str, str, str]]:
        """Node, which memory, the parts, and their sum."""
        rows = [(node, str(need.place), _parts(need), readable(need.total)) for node, need in self.rows]
        there = [("", str(place), "there is", readable(room.total)) for place, room in self.room.items()]
        free = [("", str(place), "of it free", readable(room.free)) for place, room in self.room.items()]
        return rows + there + free

    @property
    def warnings(self) -> Iterator[str]:
        """A line per memory that is too small for all that is held there together."""
        for place, room in self.room.items():
            rows = [(node, need) for node, need in self.rows if need.place == place]
            needed = sum(need.total for _, need in rows)
            if needed > (1 - MARGIN) * room.free:
                who = ", ".join(dict.fromkeys(node for node, _ in rows))
                yield (
                    f"{who}: {readable(needed)} of {NAMES[place]} needed, {readable(room.free)} of "
                    f"{readable(room.total)} are free" + _ways_out(rows)
                )


def fit_of(plan: Plan) -> Fit:
    """Asks the machine only about memory that something is needed of."""
    rows = tuple((node.id, need) for node in plan.nodes for need in node.memory)
    found = {place: room_of(place) for place in NAMES if any(need.place == place for _, need in rows)}
    return Fit(rows, {place: room for place, room in found.items() if room is not None})


def _parts(need: MemoryNeed) -> str:
    said = ", ".join(f"{name} {readable(size)}" for name, size in need.parts.items())
    return f"{said} ({need.when})" if need.when else said


def _ways_out(rows: list[tuple[str, MemoryNeed]]) -> str:
    ways = [
        f"`{node}: {{{saving.change}}}` saves {readable(saving.saves)}"
        for node, need in rows
        for saving in need.savings
    ]
    return f"; {', '.join(ways)}" if ways else ""


def _row(node: str, need: MemoryNeed) -> dict[str, Any]:
    return {
        "node": node,
        "place": need.place,
        "parts": dict(need.parts),
        "total": need.total,
        "when": need.when,
        "savings": [saving._asdict() for saving in need.savings],
    }
