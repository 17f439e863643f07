"""What a move does, with what it needs to remember: encoders, pick-up, switches that flip. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from livegraph import Knob
from livegraph_midi.decode import Move, steps_of
from livegraph_midi.mapping import Entry, Mapped
from livegraph_midi.place import Place, meant
from livegraph_midi.scale import Scale, knob_named

NEAR = 2 / 127
"""A knob this close to the value has picked it up."""


@dataclass(frozen=True, slots=True)
class Action:
    """What the door is asked for: `values`, or a `preset`, or a `fade` (first, second, share)."""

    values: Mapping[str, Any] | None = None
    preset: str = ""
    fade: tuple[str, str, float] | None = None


class Binding:
    """One entry of the map, bound to a running graph's knob.

    `share` is where the knob's value lies; `told` says that it was changed by somebody else.
    """

    def __init__(self, mapped: Mapped, scale: Scale | None) -> None:
        self.place: Place = mapped.place
        self.entry: Entry = mapped.entry
        self.scale = scale
        self.share = scale.share(scale.knob.default) if scale else 0.0
        self._hold = mapped.hold
        self._picked = not mapped.entry.pickup
        self._stood: float | None = None
        self._down = False

    @property
    def target(self) -> str:
        return self.scale.knob.target if self.scale else ""

    @property
    def button(self) -> bool:
        """Whether it is pressed, not turned."""
        pressed_only = self.entry.preset is not None or self.entry.toggle or self.entry.value is not None
        return pressed_only or self._hold or self.place.kind in ("note", "program")

    def told(self, value: Any) -> None:
        """By somebody else: the physical knob may stand elsewhere now."""
        if self.scale is None:
            return
        self.share = self.scale.share(value)
        self._picked = not self.entry.pickup

    def moved(self, move: Move) -> Action | None:
        """None where nothing is to be done."""
        entry = self.entry
        if entry.fade is not None:
            return Action(fade=(*entry.fade, move.share))
        if self._hold:
            return self._held(move)
        if self.button:
            return self._pressed(move)
        if entry.relative is not None:
            self.share = min(max(self.share + steps_of(move.raw, entry.relative) * entry.step, 0.0), 1.0)
            return self._set(self.share)
        if not self._picked and not self._picks_up(move.share):
            return None
        self.share = move.share
        return self._set(move.share)

    def _pressed(self, move: Move) -> Action | None:
        """Once per press: a button that is let go does nothing, nor does pressure on one that is down."""
        was, self._down = self._down, move.pressed and move.place.kind != "program"
        if not move.pressed or was:
            return None
        if self.entry.preset is not None:
            return Action(preset=self.entry.preset)
        assert self.scale is not None
        if self.entry.value is not None:
            return Action({self.scale.knob.address: self.entry.value})
        return self._flip(self.scale.knob, move)

    def _flip(self, knob: Knob, move: Move) -> Action:
        """A switch goes over, a choice to the next, a number to the key's velocity."""
        if knob.kind == "choice":
            last = len(knob.choices) - 1
            now = round(self.share * last)
            following = 0 if now >= last else now + 1
            self.share = following / last if last else 0.0
            return Action({knob.address: knob.choices[following]})
        self.share = float(self.share < 0.5) if knob.kind == "switch" or self.entry.toggle else move.share
        return self._set(self.share)

    def _held(self, move: Move) -> Action | None:
        if move.pressed == self._down:
            return None
        self._down = move.pressed
        self.share = float(move.pressed)
        assert self.scale is not None
        if self.entry.value is not None:
            return Action({self.scale.knob.address: self.entry.value if move.pressed else self.scale.knob.default})
        return self._set(self.share)

    def _picks_up(self, share: float) -> bool:
        """Whether it passed the value, or stands at it."""
        before, self._stood = self._stood, share
        passed = before is not None and min(before, share) <= self.share <= max(before, share)
        self._picked = passed or abs(share - self.share) <= NEAR
        if self._picked:
            self._stood = None
        return self._picked

    def _set(self, share: float) -> Action:
        assert self.scale is not None
        return Action({self.scale.knob.address: self.scale.value(share)})


def bind(mapped: Mapped, knobs: Mapping[str, Knob], presets: Collection[str]) -> Binding:
    """`ValueError` names the entry, and offers what was meant."""
    entry = mapped.entry
    key = f"{mapped.place}{' hold' if mapped.hold else ''}"
    try:
        for preset in (entry.preset, *(entry.fade or ())):
            if preset is not None and preset not in presets:
                raise ValueError(f"no preset {preset!r}. {meant(preset, presets)}")
        scale = Scale(knob_named(entry.to, knobs), entry) if entry.to is not None else None
        number = scale is not None and scale.knob.kind not in ("switch", "choice")
        if mapped.place.kind == "program" and number and entry.value is None:
            raise ValueError("a program has no value of its own: `value` says which to set")
    except ValueError as error:
        raise ValueError(f"entry {key!r}: {error}") from None
    return Binding(mapped, scale)


class Bindings:
    """By place; one for a certain channel goes before one for any."""

    def __init__(self, bindings: Collection[Binding]) -> None:
        self.all = tuple(bindings)
        self._by_place = {binding.place: binding for binding in bindings}
        self._by_target: dict[str, list[Binding]] = {}
        for binding in bindings:
            self._by_target.setdefault(binding.target, []).append(binding)

    def at(self, place: Place) -> Binding | None:
        """`place` with the channel that it came on."""
        return self._by_place.get(place) or self._by_place.get(place.on(0))

    def of(self, target: str) -> list[Binding]:
        return self._by_target.get(target, []) if target else []
