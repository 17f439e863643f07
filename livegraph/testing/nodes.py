"""Scripted nodes for tests: they run on the event loop, so a virtual clock moves them through hours in seconds."""

from __future__ import annotations

import random
from typing import Any, ClassVar

from livegraph.declare import In, Out
from livegraph.errors import NodeError
from livegraph.frame import EndOfStream, Frame
from livegraph.hookspecs import hookimpl
from livegraph.node import Cadence, Node, NodeSpec, Sink, Source
from livegraph.params import Param
from livegraph.types import AnyPort


class ScriptedSource(Source):
    """Frames at a steady rate; the payload is the frame's number."""

    out: Out[AnyPort]
    fps: float = Param(30.0, gt=0, unit="fps", doc="frames per second")
    frames: int = Param(0, ge=0, doc="how many frames; 0: without end")
    live: bool = Param(True, doc="whether time passes by itself")
    silent_from: float = Param(0.0, ge=0, unit="s", doc="when the source falls silent; 0: never")
    silent_for: float = Param(0.0, ge=0, unit="s", doc="for how long")
    fail_at: int = Param(-1, doc="the frame at which reading fails, once")
    restart_pts: int = Param(0, ge=0, doc="pts begin anew every so many frames, as in a loop; 0: never")

    @classmethod
    def is_live(cls, params: Any) -> bool:
        return bool(params.live)

    @classmethod
    def fps_for(cls, params: Any) -> float | None:
        return float(params.fps)

    async def setup(self) -> None:
        self._count = 0
        self._start_ns = self.ctx.clock.now_ns()

    async def read(self) -> Frame | EndOfStream:
        if self.frames and self._count >= self.frames:
            return EndOfStream()
        period = 1e9 / self.fps
        if self.live:
            await self.ctx.clock.sleep_until(self._due(period))
        if self._count == self.fail_at:
            self._count += 1
            raise NodeError("scripted failure of the source")
        number, self._count = self._count, self._count + 1
        shown = number % self.restart_pts if self.restart_pts else number
        return self.frame(number, round(shown * period), round(period))

    def _due(self, period: float) -> int:
        due = self._start_ns + round(self._count * period)
        pause = self._start_ns + round(self.silent_from * 1e9)
        return due + round(self.silent_for * 1e9) if self.silent_from and due >= pause else due


class Slow(Node):
    """Passes frames on after a while; fails, hangs or skips on request. Seeded, so a run repeats."""

    video: In[AnyPort]
    out: Out[AnyPort]
    service_ms: float = Param(10.0, ge=0, live=True, unit="ms", doc="time per call")
    variation: float = Param(0.0, ge=0, le=1, doc="spread of the time, as a share of it (uniform)")
    skip: float = Param(0.0, ge=0, le=1, doc="share of frames that are skipped")
    fail: float = Param(0.0, ge=0, le=1, doc="share of calls that raise")
    hang: float = Param(0.0, ge=0, le=1, doc="share of calls that never return")
    take: int = Param(1, ge=1, doc="frames per call")
    give: int = Param(0, ge=0, doc="frames that a call gives; 0: as it takes")
    delay: int = Param(0, ge=0, doc="frames of lookahead")

    @classmethod
    def cadence_for(cls, params: Any) -> Cadence:
        return Cadence(params.take, params.give or params.take, params.delay)

    async def setup(self) -> None:
        self._chance = random.Random(self.ctx.seed)
        self._held: list[Any] = []

    async def process(self, video: Frame | list[Frame], **others: Any) -> Any:
        frames = video if isinstance(video, list) else [video]
        await self._work()
        values = [self.value(frame, others) for frame in frames]
        if self.delay:
            self._held += values
            values = [self._held.pop(0) for _ in range(min(len(values), max(0, len(self._held) - self.delay)))]
        values = [value if self._chance.random() >= self.skip else None for value in values]
        give = self.give or self.take
        if give == 1:
            return values[0] if values else None
        return [values[index * len(values) // give] for index in range(give)] if values else None

    def value(self, frame: Frame, others: dict[str, Any]) -> Any:
        """The payload to pass on."""
        return frame.data

    def reset(self) -> None:
        self._held = []

    def flush(self) -> list[Any]:
        return self._held

    async def _work(self) -> None:
        spread = 1 + self.variation * self._chance.uniform(-1, 1)
        await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + round(self.service_ms * spread * 1e6))
        if self._chance.random() < self.fail:
            raise NodeError("scripted failure")
        if self._chance.random() < self.hang:
            await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + 10**15)


class SlowPair(Slow):
    """A `Slow` with a second input, whose payload it passes on beside the first."""

    other: In[AnyPort] = In(optional=True)

    def value(self, frame: Frame, others: dict[str, Any]) -> Any:
        other = others.get("other")
        other = other[0] if isinstance(other, list) else other
        return (frame.data, other.data if other is not None else None)


class Collect(Sink):
    """Keeps what arrives: `frames` by node id, with the time of each."""

    presents = True
    video: In[AnyPort]
    service_ms: float = Param(0.0, ge=0, unit="ms", doc="time per frame")

    kept: ClassVar[dict[str, list[tuple[Frame, int]]]] = {}

    async def setup(self) -> None:
        type(self).kept.setdefault(self.ctx.node_id, [])

    async def process(self, video: Frame) -> None:
        if self.service_ms:
            await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + round(self.service_ms * 1e6))
        type(self).kept[self.ctx.node_id].append((video, self.ctx.clock.now_ns()))


class CollectRecord(Collect):
    """A `Collect` that counts as a recorder: beside one that shows, its branch is detached."""

    presents = False
    records = True


class ScriptedPlugin:
    """Brings the scripted nodes as `test.*`; its `test.collect` and `test.record` keep into `self.kept`."""

    livegraph_api = "1"

    def __init__(self) -> None:
        self.kept: dict[str, list[tuple[Frame, int]]] = {}

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        collect = type("Collect", (Collect,), {"kept": self.kept})
        record = type("CollectRecord", (CollectRecord,), {"kept": self.kept})
        return [
            NodeSpec("test.source", ScriptedSource, "Frames at a steady rate"),
            NodeSpec("test.slow", Slow, "Passes frames on after a while; fails, hangs or skips on request"),
            NodeSpec("test.pair", SlowPair, "As test.slow, with a second input"),
            NodeSpec("test.collect", collect, "Shows nothing and keeps everything"),
            NodeSpec("test.record", record, "Keeps everything, as a recorder"),
        ]
