"""Which topic means what: pure logic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from livegraph import Knob

Kind = Literal["set", "transaction", "preset", "undo", "reset"]
PLAIN = r"[^+#\x00/]+(/[^+#\x00/]+)*"
"""A topic without wildcards, and without empty levels."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a message asks for. `address` is a knob's; None where there is no such knob."""

    kind: Kind
    address: str | None = None


class Topics:
    """The topics of one run. Where a control and a parameter share one (of a node `control`), the control has it."""

    def __init__(self, base: str, knobs: Mapping[str, Knob]) -> None:
        self.base = base
        self.availability = f"{base}/availability"
        self.stats = f"{base}/stats"
        self.transaction = f"{base}/set"
        self.preset = f"{base}/preset/set"
        self.undo = f"{base}/undo"
        self.reset = f"{base}/reset"
        self._address: dict[str, str] = {}
        self._place: dict[str, str] = {}
        for address, knob in knobs.items():
            place = f"control/{address}" if knob.control else f"{knob.node}/{knob.param}"
            if self._address.setdefault(place, address) == address:
                self._place[address] = place
        self._commands: dict[str, Command] = {
            self.transaction: Command("transaction"),
            self.preset: Command("preset"),
            self.undo: Command("undo"),
            self.reset: Command("reset"),
        }

    @property
    def addresses(self) -> Iterable[str]:
        """Of every knob that has a topic."""
        return self._place

    @property
    def filters(self) -> list[str]:
        """What to subscribe to."""
        return [*self._commands, f"{self.base}/+/+/set"]

    def set(self, address: str) -> str:
        return f"{self.base}/{self._place[address]}/set"

    def state(self, address: str) -> str:
        return f"{self.base}/{self._place[address]}/state"

    def command(self, topic: str) -> Command | None:
        """None for a topic that asks for nothing."""
        if topic in self._commands:
            return self._commands[topic]
        if not topic.startswith(f"{self.base}/") or not topic.endswith("/set"):
            return None
        place = topic.removeprefix(f"{self.base}/").removesuffix("/set")
        return Command("set", self._address.get(place))


def slug(name: str) -> str:
    """A name as one level of a topic, and as an id in Home Assistant: letters, digits, `_` and `-`."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "graph"
