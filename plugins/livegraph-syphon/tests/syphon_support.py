"""What several tests need: the plugin where it is not installed, and nodes outside of a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from importlib.metadata import entry_points
from typing import Any

import numpy as np

from livegraph import Context, Node
from livegraph.registry import Registry
from livegraph_syphon import plugin

PLUGINS = [] if "syphon" in {entry.name for entry in entry_points(group="livegraph")} else [plugin]


def registry() -> Registry:
    found = Registry()
    for one in PLUGINS:
        assert found.add(one, "syphon").state == "loaded"
    return found


class RealClock:
    def now_ns(self) -> int:
        return time.monotonic_ns()

    async def sleep_until(self, when_ns: int) -> None:
        raise NotImplementedError


class Here:
    """A run whose loop is the test's own thread."""

    def ask(self, function: Callable[[], Any], /) -> Future[Any]:
        answer: Future[Any] = Future()
        answer.set_result(function())
        return answer


def built(node: type[Node], said: list[str] | None = None, service: Any = None, **params: Any) -> Any:
    """A node that was made, not set up."""
    say = [].append if said is None else said.append
    return node(node.Params(**params), Context("syphon", "live", RealClock(), say=say, service=lambda name: service))


def gradient(width: int = 64, height: int = 48) -> np.ndarray:
    """A picture whose rows, columns and channels all differ."""
    return np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
