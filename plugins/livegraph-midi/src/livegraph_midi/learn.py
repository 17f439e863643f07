"""From what somebody moves to lines for the map. Messages in, findings out: no ports, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from livegraph_midi.decode import Decoder, Message, Move
from livegraph_midi.place import Place

Sort = Literal["7 bit", "14 bit", "button", "twos", "offset", "sign", "note", "bend", "pressure", "program"]

LONGEST = 512
"""Values of a knob that are kept: the newest."""
MOST = 1024
"""Places."""
ENOUGH = 3
"""Steps of an encoder that tell it from a knob."""
KNOB = "node.parameter"


@dataclass(slots=True)
class Seen:
    """What came from one CC of one channel. `followed`: how often the CC 32 above came right after it."""

    values: list[int] = field(default_factory=list)
    followed: int = 0

    def add(self, value: int) -> None:
        self.values.append(value)
        del self.values[:-LONGEST]


@dataclass(frozen=True, slots=True)
class Finding:
    """A place that was moved, what it is, and from where to where (or how often)."""

    place: Place
    sort: Sort
    detail: str

    def line(self, *, channel: bool = False) -> str:
        """As it stands in the graph's file, a knob's name still to be written."""
        key = str(self.place if channel else self.place.on(0))
        if self.sort in ("twos", "offset", "sign"):
            return f"{key}: {{to: {KNOB}, relative: {self.sort}}}  # encoder, {self.detail}"
        if self.sort == "button" and self.place.kind == "cc":
            return f"{key}: {{to: {KNOB}, toggle: true}}  # button, {self.detail}"
        if self.sort == "program":
            return f"{key}: {{preset: NAME}}  # program, {self.detail}"
        return f"{key}: {KNOB}  # {self.sort}, {self.detail}"


class Learner:
    """`hear` gives the place that a message moved, as far as is known yet; `findings` judge by all that came."""

    def __init__(self) -> None:
        self._decoder = Decoder([Place("nrpn"), Place("rpn")])
        self._ccs: dict[Place, Seen] = {}
        self._others: dict[Place, list[float]] = {}
        self._before: Place | None = None

    def hear(self, message: Message) -> Finding | None:
        """None where it says nothing of a place: clock, sysex, the selection of a parameter."""
        move = self._decoder.read(message)
        if not isinstance(move, Move):
            return None  # also a clock's tick between two halves
        before, self._before = self._before, None
        if move.place.kind != "cc":
            if move.place in self._others or len(self._others) < MOST:
                shares = self._others.setdefault(move.place, [])
                shares.append(move.share)
                del shares[:-LONGEST]
            return self._other(move.place) if move.place in self._others else None
        return self._heard_cc(move, before)

    def findings(self) -> list[Finding]:
        """In the order in which they were moved first, CCs before the rest."""
        return [*self._cc_findings(), *map(self._other, self._others)]

    def lines(self) -> list[str]:
        """The `map:` of a graph file; channels are named where more than one came."""
        found = self.findings()
        channel = len({each.place.channel for each in found}) > 1
        return ["map:", *(f"  {each.line(channel=channel)}" for each in found)] if found else []

    def _heard_cc(self, move: Move, before: Place | None) -> Finding | None:
        place = move.place
        if place not in self._ccs and len(self._ccs) >= MOST:
            return None
        self._ccs.setdefault(place, Seen()).add(move.raw)
        upper = Place("cc", place.first - 32, 0, place.channel) if 32 <= place.first < 64 else None
        if upper is not None and before == upper:
            self._ccs[upper].followed += 1
        self._before = place
        return self._judged(upper if upper is not None and self._is_pair(upper) else place)

    def _is_pair(self, upper: Place) -> bool:
        seen = self._ccs.get(upper)
        return seen is not None and upper.first < 32 and 0 < len(seen.values) <= 2 * seen.followed

    def _judged(self, place: Place) -> Finding:
        values = self._ccs[place].values
        if self._is_pair(place):
            return Finding(Place("pair", place.first, place.first + 32, place.channel), "14 bit", ends(values))
        return Finding(place, sort_of(values), ends(values))

    def _cc_findings(self) -> list[Finding]:
        lower = {Place("cc", place.first + 32, 0, place.channel) for place in self._ccs if self._is_pair(place)}
        return [self._judged(place) for place in self._ccs if place not in lower]

    def _other(self, place: Place) -> Finding:
        sorts: dict[str, Sort] = {"note": "note", "bend": "bend", "pressure": "pressure", "program": "program"}
        shares = self._others[place]
        return Finding(place, sorts.get(place.kind, "14 bit"), f"{min(shares):.0%} to {max(shares):.0%}")


def ends(values: Sequence[int]) -> str:
    return f"{min(values)} to {max(values)}"


def sort_of(values: Sequence[int]) -> Sort:
    """By its values alone. An encoder repeats itself, which a knob that sends its changes does not; a value that fits
    several ways of telling steps is `twos` if it can be.
    """
    if set(values) <= {0, 127}:
        return "button"
    repeats = sum(one == other for one, other in pairwise(values))
    if len(values) < ENOUGH or not repeats:
        return "7 bit"
    if all(0 < value < 16 or value > 112 for value in values):
        return "twos"
    if all(48 < value < 80 and value != 64 for value in values) and any(value < 64 for value in values):
        return "offset"
    if all(0 < value < 16 or 64 < value < 80 for value in values):
        return "offset" if min(values) > 64 else "sign"
    return "7 bit"
