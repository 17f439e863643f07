"""What goes back to motor faders and LEDs, and when. Plain data in, plain data out; times are given."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from livegraph_midi.binding import Binding
from livegraph_midi.place import Place

PERIOD_S = 0.02
"""A control is told at most 50 times a second."""
HELD_S = 0.5
"""A fader that a hand moved this shortly ago is not moved against it."""

Out = tuple[str, dict[str, int]]
"""A message's type and fields, as `mido.Message` takes them."""


def messages(place: Place, share: float) -> list[Out]:
    """What a device sends itself from that place. On channel 1 where the place has none."""
    channel = max(place.channel - 1, 0)

    def control(number: int, value: int) -> Out:
        return "control_change", {"channel": channel, "control": number, "value": value}

    seven, fourteen = round(share * 127), round(share * 16383)
    halves = fourteen >> 7, fourteen & 127
    if place.kind == "cc":
        return [control(place.first, seven)]
    if place.kind == "pair":
        return [control(place.first, halves[0]), control(place.second, halves[1])]
    if place.kind in ("nrpn", "rpn"):
        msb, lsb = (99, 98) if place.kind == "nrpn" else (101, 100)
        return [control(msb, place.first), control(lsb, place.second), control(6, halves[0]), control(38, halves[1])]
    if place.kind == "note":
        return [("note_on", {"channel": channel, "note": place.first, "velocity": seven})]
    if place.kind == "bend":
        return [("pitchwheel", {"channel": channel, "pitch": fourteen - 8192})]
    return []  # pressure and programs have nothing that moves or lights


@dataclass(slots=True)
class Told:
    """What a control knows."""

    binding: Binding
    channel: int
    share: float = 0.0
    pending: bool = False
    sent: list[Out] | None = None
    sent_s: float = float("-inf")
    moved_s: float = float("-inf")


class Feedback:
    """Changes come from the run's loop, moves from the driver's thread, and a third sends what is `due`."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self._lock = threading.Lock()
        self._told = {
            id(binding): Told(binding, binding.place.channel)
            for binding in bindings
            if binding.entry.feedback and binding.scale is not None
        }

    def moved(self, binding: Binding, channel: int, share: float, now_s: float) -> None:
        """By hand: the control itself stands at `share` now, and is heard on that channel."""
        with self._lock:
            told = self._told.get(id(binding))
            if told is None:
                return
            told.channel = channel
            if binding.button:
                told.sent, told.pending = None, True  # many pads light, or go dark, by themselves
            else:
                told.moved_s = now_s
                told.sent = None if binding.entry.relative else messages(binding.place.on(channel), share)

    def changed(self, binding: Binding, value: Any) -> None:
        """It has this value now, whoever gave it."""
        with self._lock:
            told = self._told.get(id(binding))
            if told is not None and binding.scale is not None:
                told.share, told.pending = binding.scale.share(value), True

    def forget(self) -> None:
        """Another device, or the same switched on again: it knows nothing, and is told all once more."""
        with self._lock:
            for told in self._told.values():
                told.sent, told.pending = None, True

    def due(self, now_s: float) -> tuple[list[Out], float | None]:
        """What to send now, and in how many seconds to look again; None: when something changes."""
        out: list[Out] = []
        waits: list[float] = []
        with self._lock:
            for told in self._told.values():
                if not told.pending:
                    continue
                wait_s = max(told.sent_s + PERIOD_S, told.moved_s + HELD_S) - now_s
                if wait_s > 0:
                    waits.append(wait_s)
                    continue
                told.pending = False
                said = messages(told.binding.place.on(told.channel), told.share)
                if said != told.sent:
                    told.sent, told.sent_s = said, now_s
                    out.extend(said)
        return out, min(waits, default=None)
