"""What goes into the bus and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from livegraph.control.ramp import Curve


@dataclass(frozen=True, slots=True)
class Request:
    """A transaction that somebody asks for. `values` by address. `over_s`: how long numbers take to get there, in
    stream time; the rest, and what needs a rebuild, changes at once.
    """

    values: Mapping[str, Any]
    origin: str = ""
    """Who asks, as it stands in the log: the door, and the client behind it (`osc 192.168.1.7:9000`)."""
    over_s: float = 0.0
    curve: Curve = "linear"
    each: bool = False
    """Its values are transactions of their own."""

    def parted(self) -> list[Request]:
        """One for each value."""
        return [replace(self, values={address: value}, each=False) for address, value in self.values.items()]


@dataclass(frozen=True, slots=True)
class Change:
    """What has changed. `values`: the new ones by target (`node.parameter`; `freeze`, `blackout`), secrets left out;
    `origins`: who asked for each.
    """

    revision: int
    values: Mapping[str, Any]
    origins: Mapping[str, str]

    def for_others(self, origin: str) -> dict[str, Any]:
        """What somebody has to be told: all that they did not ask for themselves."""
        return {target: value for target, value in self.values.items() if self.origins.get(target) != origin}


Hear = Callable[[Change], None]
