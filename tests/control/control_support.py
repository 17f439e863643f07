"""Graphs whose sink sees which parameters each frame met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from livegraph import EndOfStream, Frame, In, Node, NodeSpec, Out, Param, Sink, Source, hookimpl
from livegraph.graph import plan_graph
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run
from livegraph.testing import ScriptedPlugin, VirtualClock, VirtualLoop
from livegraph.types import AnyPort


class Stamp(Node):
    """Adds its value, and takes its time, as any node does."""

    video: In[AnyPort]
    out: Out[AnyPort]
    value: int = Param(0, ge=0, live=True, doc="what it stamps")
    level: float = Param(0.0, ge=0, le=1, live=True, doc="what it stamps as well")
    open: float = Param(0.0, live=True, doc="a number without bounds")
    text: str = Param("", live=True, doc="words")
    takes_ms: float = Param(0.0, ge=0, unit="ms", doc="how long")
    path: str = Param("here", remote=False, doc="of this machine")

    async def process(self, video: Frame) -> Frame:
        value, level = self.params.value, self.params.level
        await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + round(self.params.takes_ms * 1e6))
        stamps = video.data if isinstance(video.data, tuple) else ()
        return video.with_data((*stamps, (value, level)))


class Screen(Sink):
    video: In[AnyPort]
    seen: ClassVar[list[tuple[int, ...]]]
    levels: ClassVar[list[float]]

    async def setup(self) -> None:
        type(self).seen, type(self).levels = [], []

    async def process(self, video: Frame) -> None:
        type(self).seen.append(tuple(value for value, _ in video.data))
        type(self).levels.append(video.data[0][1])


class Painter(Source):
    """Small pictures that are never black, thirty a second."""

    out: Out[AnyPort]
    silent_after: int = Param(0, ge=0, doc="pictures; 0: never")

    async def setup(self) -> None:
        self._number, self._began_ns = 0, self.ctx.clock.now_ns()

    async def read(self) -> Frame | EndOfStream:
        number, self._number = self._number, self._number + 1
        if self.params.silent_after and number >= self.params.silent_after:
            number += 1_000_000
        await self.ctx.clock.sleep_until(self._began_ns + number * 33_333_333)
        picture = np.full((2, 2), 1 + number % 255, np.uint8)
        return self.frame(picture, number * 33_333_333, 33_333_333)


class Window(Sink):
    presents = True
    video: In[AnyPort]
    shown: ClassVar[list[tuple[float, int, bool]]]

    async def setup(self) -> None:
        type(self).shown = []

    async def process(self, video: Frame) -> None:
        level = int(video.data[0, 0])
        type(self).shown.append((self.ctx.clock.now_ns() / 1e9, level - 1, level == 0))


class Plugin:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        nodes = {"stamp": Stamp, "screen": Screen, "painter": Painter, "window": Window}
        return [NodeSpec(f"test.{name}", cls) for name, cls in nodes.items()]


def three() -> dict[str, Any]:
    """A source, three nodes of which one is slow, and a sink."""
    return {
        "livegraph": 1,
        "name": "test",
        "mode": "live",
        "nodes": {
            "src": {"use": "test.source", "params": {"fps": 30.0}},
            "a": {"use": "test.stamp", "in": "src", "params": {"takes_ms": 3}},
            "b": {"use": "test.stamp", "in": "a", "params": {"takes_ms": 19}},
            "c": {"use": "test.stamp", "in": "b"},
            "out": {"use": "test.screen", "in": "c"},
        },
        "controls": {"level": {"target": "a.level", "range": [0, 0.95]}},
        "presets": {"low": {"level": 0.1, "b.value": 2}, "high": {"level": 0.9, "b.value": 10, "c.value": 4}},
    }


def play(
    document: Mapping[str, Any],
    duration_s: float,
    at: Mapping[float, Callable[[Run], Any]],
    env: Mapping[str, str] | None = None,
    preset: str | None = None,
) -> Outcome:
    """Run on virtual time, doing something to the run at given moments; what raises there, raises here."""
    registry = Registry(discover=False)
    for name, brought in (("scripted", ScriptedPlugin()), ("control", Plugin())):
        assert registry.add(brought, name).state == "loaded"
    run = Run(plan_graph(document, registry=registry, env=env or {}, preset=preset))
    raised: list[BaseException] = []

    def done(action: Callable[[Run], Any]) -> None:
        try:
            action(run)
        except BaseException as error:
            raised.append(error)

    async def main() -> Outcome:
        for when, action in at.items():
            loop.call_later(when, done, action)
        return await run.main(duration_s, clock=VirtualClock(loop))

    loop = VirtualLoop(7)
    try:
        outcome = loop.run_until_complete(main())
    finally:
        loop.close()
    if raised:
        raise raised[0]
    assert outcome.ok, outcome.error
    return outcome
