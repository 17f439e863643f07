"""The bench `wan`: the engine's parts and the whole on this machine, and what a graph adds. See `options`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from livegraph import Figure, Progress
from livegraph_wan.bench.options import Asked

Found = Iterator[Figure | Progress]
Part = Callable[[Asked, bool], Found]


def measure(quick: bool, **said: Any) -> Found:
    """The parts that were asked for, one after the other; each is a module of that name, with a `measure` of its own
    that says how it measures.
    """
    asked = Asked(**said)
    for name in asked.parts:
        part: Part = import_module(f"livegraph_wan.bench.{name}").measure
        yield from part(asked, quick)
