"""The addresses of a run: which knob is where, and what a pattern leads to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from livegraph import Knob
from livegraph_osc.coerce import argument, at_share, coerce
from livegraph_osc.pattern import Pattern, wild
from livegraph_osc.refused import Refused

ROOT = "/livegraph"
COMMANDS = frozenset(("undo", "reset", "preset", "fade", "ping", "subscribe", "unsubscribe"))
MOST_CACHED = 256


@dataclass(frozen=True, slots=True)
class Place:
    """An address and its knob. `norm`: as a share of its range, 0..1."""

    address: str
    knob: Knob
    norm: bool = False

    def value(self, sent: Any) -> Any:
        """What the knob is to be set to."""
        return at_share(self.knob, sent) if self.norm else coerce(self.knob, sent)

    def argument(self, value: Any) -> Any:
        """What a client is told. A redacted number is text, and has no share."""
        if self.norm and isinstance(value, (int, float)):
            return self.knob.share(value)
        return argument(self.knob, value)


class Places:
    """All addresses below `/livegraph`. A node or parameter whose name is taken there has none."""

    def __init__(self, knobs: Mapping[str, Knob]) -> None:
        self.at: dict[str, Place] = {}
        self.by_target: dict[str, list[Place]] = {}
        for knob in knobs.values():
            self._add(knob)
        self._split = [(address.split("/"), place) for address, place in self.at.items()]
        self._found: OrderedDict[str, tuple[Place, ...]] = OrderedDict()

    def find(self, address: str) -> tuple[Place, ...]:
        """One, or what a pattern leads to. `Refused` where that is nothing."""
        if place := self.at.get(address):
            return (place,)
        found = self._matching(address) if wild(address) else ()
        if not found:
            raise Refused("address", "nothing is there")
        return found

    def _add(self, knob: Knob) -> None:
        first, second = ("control", knob.address) if knob.control else (knob.node, knob.param)
        address = f"{ROOT}/{first}/{second}"
        if first in COMMANDS or address in self.at or wild(address):
            return
        places = [Place(address, knob)]
        if knob.ranged:
            places.append(Place(f"{address}/norm", knob, norm=True))
        for place in places:
            self.at[place.address] = place
            self.by_target.setdefault(knob.target, []).append(place)

    def _matching(self, address: str) -> tuple[Place, ...]:
        """Remembered, also where it is nothing: a fader sends the same pattern again and again."""
        if (known := self._found.get(address)) is not None:
            self._found.move_to_end(address)
            return known
        found = Pattern(address).select(self._split)
        self._found[address] = found
        if len(self._found) > MOST_CACHED:
            self._found.popitem(last=False)
        return found
