"""Pixel formats: one per wire, with as few conversions as the graph allows, and converters where two do not meet.

An output that is `like` an input shares that input's format. So the ports form trees: a root (an output that chooses
for itself), the inputs it feeds, and, through outputs like them, the inputs further down. Each tree is solved exactly,
from the leaves up. A conversion that is put in costs most, and the wires of one output share it. An output that makes
another format than its first most likely converts inside, which is as much work and one hop less. An input's second
choice costs little, but on a long chain it adds up: so a decoder's planes reach the encoder as they are, and a window
beside it gets a converter of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import get_args

from livegraph.graph.draft import Draft, Step, Wire
from livegraph.types import PixelFormat

ALL: tuple[PixelFormat, ...] = get_args(PixelFormat)
CONVERSION = 100
MADE_OTHERWISE = 90
LESS_LIKED = 5


@dataclass(eq=False, slots=True)
class Choice:
    """The format of one port, and of every output like it. `wire` leads to it; a root has none."""

    step: Step
    port: str
    allowed: tuple[PixelFormat, ...]
    ranked: bool
    """Whether the order of `allowed` is a preference; a port that takes anything has none."""
    wire: Wire | None = None
    children: list[Choice] = field(default_factory=list)
    costs: dict[PixelFormat, int] = field(default_factory=dict)

    def weigh(self) -> None:
        """Find the least cost of this port and all below it, by its format; the children must have done so."""
        for rank, chosen in enumerate(self.allowed):
            self.costs[chosen] = self._price(rank) + min(cost for cost, _ in self._ways(chosen))

    def cheapest(self, there: Iterable[PixelFormat]) -> PixelFormat:
        """The best format among those that can be had."""
        return min((name for name in self.allowed if name in there), key=self.costs.__getitem__)

    def available(self, chosen: PixelFormat) -> tuple[PixelFormat, ...]:
        """The formats that the children should be offered where this port has `chosen`."""
        return min(self._ways(chosen))[1]

    def _price(self, rank: int) -> int:
        if not self.ranked or not rank:
            return 0
        return LESS_LIKED * rank if self.wire is not None else MADE_OTHERWISE + rank

    def _ways(self, chosen: PixelFormat) -> Iterator[tuple[int, tuple[PixelFormat, ...]]]:
        others = [name for name in ALL if name != chosen]
        for count in range(len(others) + 1):
            for converted in combinations(others, count):
                there = (chosen, *converted)
                if all(set(there) & set(child.allowed) for child in self.children):
                    below = sum(child.costs[child.cheapest(there)] for child in self.children)
                    yield count * CONVERSION + below, there


def choose_formats(draft: Draft) -> None:
    """Give every video wire the format that its receiver shall see, and every port its format."""
    feeds: dict[str, list[Wire]] = {}
    for wire in draft.wires():
        feeds.setdefault(str(wire.src), []).append(wire)
    for step in draft.order():
        for out in step.cls.outputs.values():
            if out.type.name == "Video" and out.like is None:
                _solve(_tree(draft, Choice(step, out.name, _offered(step, out.formats), ranked=True), feeds))
    _settle_loops(draft)


def _offered(step: Step, formats: tuple[PixelFormat, ...]) -> tuple[PixelFormat, ...]:
    """What an output can give; a `format` parameter with the name of one pixel format (core.convert) decides it."""
    asked = getattr(step.params, "format", None)
    return (asked,) if asked in formats else formats


def _tree(draft: Draft, root: Choice, feeds: dict[str, list[Wire]]) -> list[Choice]:
    """All choices below a root, parents first."""
    found = [root]
    for choice in found:
        for port in _outputs(choice):
            for wire in feeds.get(f"{choice.step.id}.{port}", []):
                if wire.declared is None or wire.declared.type.name not in ("Video", "Any"):
                    continue
                takes = wire.declared.formats
                child = Choice(draft.steps[wire.dst], wire.port, takes or ALL, bool(takes), wire)
                choice.children.append(child)
                found.append(child)
    return found


def _outputs(choice: Choice) -> list[str]:
    if choice.wire is None:
        return [choice.port]
    return [out.name for out in choice.step.cls.outputs.values() if out.like == choice.port]


def _solve(tree: list[Choice]) -> None:
    for choice in reversed(tree):
        choice.weigh()
    root = tree[0]
    chosen = {id(root): root.cheapest(root.allowed)}
    for choice in tree:
        format = chosen[id(choice)]
        _write(choice, format)
        there = choice.available(format)
        for child in choice.children:
            chosen[id(child)] = child.cheapest(there)


def _write(choice: Choice, format: PixelFormat) -> None:
    if choice.wire is not None:
        choice.wire.format = format
        choice.step.formats[choice.port] = format
    for port in _outputs(choice):
        choice.step.formats[port] = format


def _settle_loops(draft: Draft) -> None:
    """An output like an input that it feeds itself has no root: it takes what that input likes best."""
    for wire in draft.wires():
        if wire.declared is not None and wire.declared.formats and wire.format is None:
            step = draft.steps[wire.dst]
            source = draft.steps[wire.src.node].cls.outputs[wire.src.port]
            if source.type.name == "Video":
                _write(Choice(step, wire.port, wire.declared.formats, True, wire), wire.declared.formats[0])
