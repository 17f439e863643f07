"""What several tests need: the plugin where it is not installed, and a node outside of a run."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import numpy as np

from livegraph import Context
from livegraph.registry import Registry
from livegraph_virtualcam import plugin
from livegraph_virtualcam.output import VirtualCam

PLUGINS = [] if "vcam" in {entry.name for entry in entry_points(group="livegraph")} else [plugin]


def registry() -> Registry:
    found = Registry()
    for one in PLUGINS:
        assert found.add(one, "vcam").state == "loaded"
    return found


class NoClock:
    def now_ns(self) -> int:
        return 0

    async def sleep_until(self, when_ns: int) -> None: ...


def built(said: list[str] | None = None, hint: float | None = None, **params: Any) -> VirtualCam:
    """A node that was made, not set up."""
    say = [].append if said is None else said.append
    return VirtualCam(VirtualCam.Params(**params), Context("vcam", "live", NoClock(), say=say, fps_hint=hint))


def plain(width: int, height: int, colour: tuple[int, int, int] = (200, 100, 50)) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)
