"""Messages to moves: which place, and where it is now. Plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from livegraph_midi.place import Place

Trouble = Literal["sysex", "unknown"]
NULL = (127, 127)
"""A parameter number that means: none (MIDI 1.0, RPN 7F 7F)."""
SELECTORS = {99: ("nrpn", 0), 98: ("nrpn", 1), 101: ("rpn", 0), 100: ("rpn", 1)}
DATA_MSB, DATA_LSB = 6, 38
IGNORED = {"active_sensing", "reset", "tune_request", "quarter_frame", "song_select"}


class Message(Protocol):
    """What is used of a `mido.Message`. `channel` counts from 0."""

    @property
    def type(self) -> str: ...
    def __getattr__(self, name: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Move:
    """A place with its channel, and where it is: `share`, 0..1; `raw`, 7 bits of a CC, for encoders."""

    place: Place
    share: float
    raw: int = 0

    @property
    def pressed(self) -> bool:
        """For a note: with any velocity."""
        return self.share > 0 if self.place.kind == "note" else self.share >= 0.5


class Halves:
    """Two times seven bits that come in two messages, the upper first. One that only ever sends the upper is taken as
    it is; else nothing is told before the lower has come, so that the value does not jump on its way.
    """

    __slots__ = ("_alone", "_msb")

    def __init__(self) -> None:
        self._msb, self._alone = 0, False

    def upper(self, value: int) -> float | None:
        alone, self._alone, self._msb = self._alone, True, value
        return value / 127 if alone else None

    def lower(self, value: int) -> float:
        self._alone = False
        return (self._msb << 7 | value) / 16383


class Decoder:
    """Knows the 14 bit places that somebody reads; other CCs are seven bits each."""

    def __init__(self, places: Iterable[Place] = ()) -> None:
        self._pairs: dict[int, list[Place]] = {}
        self._selects: set[str] = set()
        self._halves: dict[Place, Halves] = {}
        self._selected: dict[int, tuple[str, list[int]]] = {}
        for place in places:
            self.watch(place)

    def watch(self, place: Place) -> None:
        """From now on it is read as what it is."""
        if place.kind == "pair":
            for number in (place.first, place.second):
                there = self._pairs.get(number, [])
                self._pairs[number] = there if place in there else [*there, place]
        elif place.kind in ("nrpn", "rpn"):
            self._selects = self._selects | {place.kind}

    def read(self, message: Message) -> Move | Trouble | None:
        """None: nothing to tell (yet)."""
        kind = message.type
        if kind == "control_change":
            return self._control(message.channel + 1, message.control, message.value)
        if kind in ("note_on", "note_off"):
            velocity = message.velocity if kind == "note_on" else 0
            return Move(Place("note", message.note, 0, message.channel + 1), velocity / 127)
        if kind == "pitchwheel":
            return Move(Place("bend", 0, 0, message.channel + 1), bend_share(message.pitch))
        if kind == "aftertouch":
            return Move(Place("pressure", 0, 0, message.channel + 1), message.value / 127)
        if kind == "program_change":
            return Move(Place("program", message.program, 0, message.channel + 1), 1.0)
        if kind == "polytouch" or kind in IGNORED:
            return None
        return "sysex" if kind == "sysex" else "unknown"

    def _control(self, channel: int, number: int, value: int) -> Move | None:
        if self._selects and (move := self._parameter(channel, number, value)) is not False:
            return move
        for pair in self._pairs.get(number, ()):
            if pair.channel in (0, channel):
                return self._half(pair.on(channel), number == pair.first, value)
        return Move(Place("cc", number, 0, channel), value / 127, value)

    def _parameter(self, channel: int, number: int, value: int) -> Move | Literal[False] | None:
        """False: it is a CC like any other."""
        if (selector := SELECTORS.get(number)) is not None:
            kind, half = selector
            before, numbers = self._selected.get(channel, (kind, [127, 127]))
            numbers = list(numbers) if before == kind else [127, 127]
            numbers[half] = value
            self._selected[channel] = kind, numbers
            return None
        kind, numbers = self._selected.get(channel, ("", [*NULL]))
        if number not in (DATA_MSB, DATA_LSB) or kind not in self._selects or tuple(numbers) == NULL:
            return False
        place = Place("nrpn" if kind == "nrpn" else "rpn", numbers[0], numbers[1], channel)
        return self._half(place, number == DATA_MSB, value)

    def _half(self, place: Place, upper: bool, value: int) -> Move | None:
        halves = self._halves.get(place)
        if halves is None:
            if len(self._halves) >= MOST_HALVES:  # 16,384 parameters on 16 channels: more than anybody has
                self._halves.clear()
            halves = self._halves[place] = Halves()
        share = halves.upper(value) if upper else halves.lower(value)
        return None if share is None else Move(place, share)


MOST_HALVES = 1024


def bend_share(pitch: int) -> float:
    """-8192..8191 to 0..1, the middle at 0.5 exactly."""
    return 0.5 + pitch / (16384 if pitch < 0 else 16382)


def steps_of(raw: int, relative: str) -> int:
    """What an endless encoder tells: `twos` 1 and 127, `offset` 65 and 63, `sign` 1 and 65 are one up and one down."""
    if relative == "twos":
        return raw if raw < 64 else raw - 128
    if relative == "offset":
        return raw - 64
    return -(raw & 0x3F) if raw & 0x40 else raw
