"""Nodes to measure with: they do next to nothing, or only sleep, and keep what the figures are made of."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

from livegraph.declare import In, Out
from livegraph.frame import EndOfStream, Frame
from livegraph.node import Cadence, Node, Sink, Source
from livegraph.params import Param
from livegraph.types import AnyPort


@dataclass(slots=True)
class Log:
    """What the nodes of one graph keep: the frames that reached a sink and when, the frames of each call, and
    how late timers fired.
    """

    arrived: dict[str, list[tuple[Frame, int]]] = field(default_factory=dict)
    calls: dict[str, list[tuple[Frame, ...]]] = field(default_factory=dict)
    late_s: list[float] = field(default_factory=list)


class Logged:
    """A node that writes into the log of its graph."""

    log: ClassVar[Log]


class Tick(Source):
    """A frame each period (live), or as fast as it is taken. Override `payload`."""

    out: Out[AnyPort]
    period_ms: float = Param(2.0, ge=0, unit="ms", doc="between two frames; 0: no waiting")
    frames: int = Param(1000, ge=0, doc="how many; 0: no end")
    live: bool = Param(True, doc="whether time passes by itself")

    @classmethod
    def is_live(cls, params: Any) -> bool:
        return bool(params.live)

    @classmethod
    def fps_for(cls, params: Any) -> float | None:
        return 1e3 / params.period_ms if params.period_ms else None

    async def setup(self) -> None:
        self._count = 0
        self._began_ns: int | None = None

    async def read(self) -> Frame | EndOfStream:
        if self.frames and self._count >= self.frames:
            return EndOfStream()
        if self.period_ms:
            self._began_ns = self._began_ns or time.monotonic_ns()
            await self.ctx.clock.sleep_until(self._began_ns + round(self._count * self.period_ms * 1e6))
        elif self._count % 256 == 0:
            await asyncio.sleep(0)
        number, self._count = self._count, self._count + 1
        return self.frame(self.payload(number), round(number * (self.period_ms or 1.0) * 1e6))

    def payload(self, number: int) -> Any:
        """The data of a frame."""
        return number


class Timer(Source, Logged):
    """Sleeps on the event loop again and again, notes how much too long, and gives a frame each time."""

    out: Out[AnyPort]
    every_ms: float = Param(5.0, gt=0, unit="ms", doc="how long to sleep")

    async def read(self) -> Frame:
        began = time.monotonic()
        await asyncio.sleep(self.every_ms / 1e3)
        ended = time.monotonic()
        self.log.late_s.append(ended - began - self.every_ms / 1e3)
        return self.frame(None, round(ended * 1e9))


class Pass(Node):
    """Hands the frame on, on the event loop."""

    video: In[AnyPort]
    out: Out[AnyPort]

    async def process(self, video: Frame) -> Frame:
        return video


class PassThread(Node):
    """Hands the frame on, on a thread of its own."""

    video: In[AnyPort]
    out: Out[AnyPort]

    def process(self, video: Frame) -> Frame:
        return video


class Pair(Node):
    """Two inputs of one source; hands the first on."""

    video: In[AnyPort]
    other: In[AnyPort]
    out: Out[AnyPort]

    async def process(self, video: Frame, other: Frame) -> Frame:
        return video


class Spin(Node):
    """Pure Python without a pause: what keeps the interpreter's lock from others."""

    video: In[AnyPort]
    out: Out[AnyPort]
    busy_ms: float = Param(40.0, gt=0, unit="ms", doc="time per frame")

    def process(self, video: Frame) -> Frame:
        end = time.monotonic() + self.busy_ms / 1e3
        number = 0
        while time.monotonic() < end:
            number = (number * 31 + 7) % 1_000_003
        return video


class Rest(Node, Logged):
    """Passes frames on after sleeping, on the event loop; `take` of them at a time."""

    video: In[AnyPort]
    out: Out[AnyPort]
    service_ms: float = Param(60.0, ge=0, unit="ms", doc="time per call")
    variation: float = Param(0.0, ge=0, le=1, doc="spread of the time, as a share of it (uniform)")
    take: int = Param(1, ge=1, doc="frames per call")

    @classmethod
    def cadence_for(cls, params: Any) -> Cadence:
        return Cadence(params.take, params.take)

    async def setup(self) -> None:
        self.prepare()

    async def process(self, video: Any) -> Any:
        await asyncio.sleep(self.called(video))
        return video

    def prepare(self) -> None:
        self._chance = random.Random(self.ctx.seed)
        self._calls = self.log.calls.setdefault(self.ctx.node_id, [])

    def called(self, video: Any) -> float:
        """Note the call; how long it takes, in seconds."""
        self._calls.append(tuple(video) if self.take > 1 else (video,))
        return float(self.service_ms * (1 + self.variation * self._chance.uniform(-1, 1)) / 1e3)


class RestThread(Rest):
    """The same on a thread of its own."""

    def setup(self) -> None:  # type: ignore[override]
        self.prepare()

    def process(self, video: Any) -> Any:
        time.sleep(self.called(video))
        return video


class End(Sink, Logged):
    """Notes each frame and when it came."""

    video: In[AnyPort]

    async def setup(self) -> None:
        self._arrived = self.log.arrived.setdefault(self.ctx.node_id, [])

    async def process(self, video: Frame) -> None:
        self._arrived.append((video, time.monotonic_ns()))


class Show(End):
    """The same as a sink that shows: called when the picture is due."""

    presents = True


class Count(Sink):
    """Counts, and keeps nothing."""

    video: In[AnyPort]

    async def process(self, video: Frame) -> None:
        return None
