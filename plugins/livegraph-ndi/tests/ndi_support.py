"""What several tests need: the plugin where it is not installed, and nodes outside of a run."""

from __future__ import annotations

import time
from importlib.metadata import entry_points
from typing import Any

import numpy as np

from livegraph import Context, Node
from livegraph.registry import Registry
from livegraph_ndi import plugin

PLUGINS = [] if "ndi" in {entry.name for entry in entry_points(group="livegraph")} else [plugin]


def registry() -> Registry:
    found = Registry()
    for one in PLUGINS:
        assert found.add(one, "ndi").state == "loaded"
    return found


class RealClock:
    def now_ns(self) -> int:
        return time.monotonic_ns()

    async def sleep_until(self, when_ns: int) -> None:
        raise NotImplementedError


def built(node: type[Node], said: list[str] | None = None, **params: Any) -> Any:
    """A node that was made, not set up."""
    ctx = Context("ndi", "live", RealClock(), say=[].append if said is None else said.append)
    return node(node.Params(**params), ctx)


def plain(width: int, height: int, colour: tuple[int, int, int] = (200, 100, 50)) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)
