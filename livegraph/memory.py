"""How much memory a node will take, and how much there is. `livegraph check` compares the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

MemoryPlace = Literal["ram", "gpu"]
"""`gpu`: the memory of the first graphics card that programs see; where a GPU shares the machine's (Apple), `ram`."""


class Saving(NamedTuple):
    """A change of the graph that makes a node take less."""

    change: str
    """As a person would type it: `vae: taehv`."""
    saves: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """What a node will hold in one place, in bytes by what it is for ("weights", "cache", "work", ...).

    `when`: said where it is not held all the time ("while a new prompt is read"). `savings`: what would make it less,
    the gentlest first.
    """

    place: MemoryPlace
    parts: Mapping[str, int]
    when: str = ""
    savings: tuple[Saving, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.parts.values())


class Room(NamedTuple):
    """Bytes of a memory: what could be had now, and all of it."""

    free: int
    total: int
