"""Scripted nodes for tests: they run on the event loop, so a virtual clock moves them through hours in seconds."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, ClassVar

from livegraph.declare import In, Out
from livegraph.errors import NodeError
from livegraph.frame import EndOfStream, Frame
from livegraph.hookspecs import hookimpl
from livegraph.node import Cadence, Node, NodeSpec, Sink, Source
from livegraph.params import Param
from livegraph.testing.diary import Diary, Lifecycle
from livegraph.types import AnyPort


class Scripted(Node):
    """A lifecycle that takes time, fails on request, and is written down. Seeded, so a run repeats."""

    setup_ms: float = Param(0.0, ge=0, unit="ms", doc="time to set up")
    teardown_ms: float = Param(0.0, ge=0, unit="ms", doc="time to tear down")
    reset_ms: float = Param(0.0, ge=0, unit="ms", doc="time to reset")
    fail_setup: float = Param(0.0, ge=0, le=1, doc="share of set-ups that raise")

    diaries: ClassVar[dict[str, Diary]] = {}

    def __init__(self, params: Any = None, ctx: Any = None) -> None:
        super().__init__(params, ctx)
        name = ctx.node_id if ctx is not None else type(self).__name__
        self.life = Lifecycle(type(self).diaries.setdefault(name, Diary()))

    async def setup(self) -> None:
        with self.life.doing("setup"):
            self._chance = random.Random(self.ctx.seed)
            await self._spend(self.setup_ms)
            if self.fail_setup and self._chance.random() < self.fail_setup:
                raise NodeError("scripted failure of the set-up")
            self.begin()

    async def reset(self) -> None:
        with self.life.doing("reset"):
            await self._spend(self.reset_ms)
            self.forget()

    async def teardown(self) -> None:
        with self.life.doing("teardown"):
            await self._spend(self.teardown_ms)

    def begin(self) -> None:
        """The end of a set-up."""

    def forget(self) -> None:
        """The end of a reset."""

    async def _spend(self, ms: float) -> None:
        if ms:
            await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + round(ms * 1e6))


class ScriptedSource(Scripted, Source):
    """Frames at a steady rate; the payload is the frame's number, `meta["lap"]` how often its pts began anew."""

    out: Out[AnyPort]
    fps: float = Param(30.0, gt=0, unit="fps", doc="frames per second")
    frames: int = Param(0, ge=0, doc="how many frames; 0: without end")
    live: bool = Param(True, doc="whether time passes by itself")
    silent_from: float = Param(0.0, ge=0, unit="s", doc="when the source falls silent; 0: never")
    silent_for: float = Param(0.0, ge=0, unit="s", doc="for how long")
    backlog: bool = Param(False, doc="whether what the silence held back comes at its end, all at once")
    fail_at: int = Param(-1, doc="the frame at which reading fails, once")
    restart_pts: int = Param(0, ge=0, doc="pts begin anew every so many frames, as in a loop; 0: never")

    @classmethod
    def is_live(cls, params: Any) -> bool:
        return bool(params.live)

    @classmethod
    def fps_for(cls, params: Any) -> float | None:
        return float(params.fps)

    def begin(self) -> None:
        self._count = 0
        self._start_ns: int | None = None

    async def read(self) -> Frame | Mapping[str, Frame] | EndOfStream:
        if self.frames and self._count >= self.frames:
            return EndOfStream()
        with self.life.doing("read"):
            if self.live:
                await self.ctx.clock.sleep_until(self._due(1e9 / self.fps))
        if self._count == self.fail_at:
            self._count += 1
            raise NodeError("scripted failure of the source")
        number, self._count = self._count, self._count + 1
        return self.ported(self._frame(number), number)

    def ported(self, frame: Frame, number: int) -> Frame | Mapping[str, Frame]:
        """The frame as `read` gives it."""
        return frame

    def _frame(self, number: int) -> Frame:
        period = 1e9 / self.fps
        lap, shown = divmod(number, self.restart_pts) if self.restart_pts else (0, number)
        return self.frame(number, round(shown * period), round(period), lap=lap)

    def _due(self, period: float) -> int:
        """When the next frame comes; time begins with the first read."""
        if self._start_ns is None:
            self._start_ns = self.ctx.clock.now_ns()
        due = self._start_ns + round(self._count * period)
        pause = self._start_ns + round(self.silent_from * 1e9)
        if not self.silent_from or due < pause:
            return due
        length = round(self.silent_for * 1e9)
        return max(due, pause + length) if self.backlog else due + length


class ScriptedTwin(ScriptedSource):
    """A source with a second port, where only some of its moments have a frame, as of a slower sensor."""

    side: Out[AnyPort]
    side_every: int = Param(1, ge=1, doc="the second port has one frame in so many")

    def ported(self, frame: Frame, number: int) -> Mapping[str, Frame]:
        return {"out": frame} if number % self.side_every else {"out": frame, "side": frame}


class Slow(Scripted):
    """Passes frames on after a while; fails, hangs or skips on request."""

    video: In[AnyPort]
    out: Out[AnyPort]
    service_ms: float = Param(10.0, ge=0, live=True, unit="ms", doc="time per call")
    variation: float = Param(0.0, ge=0, le=1, doc="spread of the time, as a share of it (uniform)")
    tag: int = Param(0, live=True, doc="means nothing: to see which frame a change reaches first")
    skip: float = Param(0.0, ge=0, le=1, doc="share of frames that are skipped")
    fail: float = Param(0.0, ge=0, le=1, doc="share of calls that raise")
    hang: float = Param(0.0, ge=0, le=1, doc="share of calls that never return")
    take: int = Param(1, ge=1, doc="frames per call")
    give: int = Param(0, ge=0, doc="frames that a call gives; 0: as it takes")
    delay: int = Param(0, ge=0, doc="frames of lookahead")
    end_after: int = Param(0, ge=0, doc="the calls after which the node says that nothing follows; 0: never")

    @classmethod
    def cadence_for(cls, params: Any) -> Cadence:
        return Cadence(params.take, params.give or params.take, params.delay)

    def begin(self) -> None:
        self._held: list[Any] = []
        self._calls = 0

    def forget(self) -> None:
        self._held = []

    async def process(self, video: Frame | list[Frame], **others: Any) -> Any:
        frames = video if isinstance(video, list) else [video]
        with self.life.doing("process"):
            call = self.life.call(frames, others, self.params)
            await self._work()
            values = self._lagging([self.value(frame, others) for frame in frames])
            values = [value if self._chance.random() >= self.skip else None for value in values]
            self._calls += 1
            if self.end_after and self._calls >= self.end_after:
                call.given = 0
                return EndOfStream()
            answer = self._thinned(values)
            call.given = sum(value is not None for value in answer)
        if (self.give or self.take) == 1:
            return answer[0] if answer else None
        return answer

    def value(self, frame: Frame, others: dict[str, Any]) -> Any:
        """The payload to pass on."""
        return frame.data

    def flush(self) -> list[Any]:
        with self.life.doing("flush"):
            held, self._held = self._held, []
            answer = self._thinned(held)
            self.life.diary.flushed += len(answer)
            return answer

    def _lagging(self, values: list[Any]) -> list[Any]:
        """Those of `delay` frames ago."""
        if not self.delay:
            return values
        self._held += values
        ready = min(len(values), max(0, len(self._held) - self.delay))
        given, self._held = self._held[:ready], self._held[ready:]
        return given

    def _thinned(self, values: list[Any]) -> list[Any]:
        """As many as the cadence gives for so many inputs, evenly spread."""
        give = self.give or self.take
        count = -(-len(values) * give // self.take)
        return [values[index * self.take // give] for index in range(count)]

    async def _work(self) -> None:
        spread = 1 + self.variation * self._chance.uniform(-1, 1)
        await self._spend(self.service_ms * spread)
        if self._chance.random() < self.fail:
            raise NodeError("scripted failure")
        if self._chance.random() < self.hang:
            await self._spend(1e9)


class SlowPair(Slow):
    """A `Slow` with a second input, whose payload it passes on beside the first."""

    other: In[AnyPort] = In(optional=True)

    def value(self, frame: Frame, others: dict[str, Any]) -> Any:
        other = others.get("other")
        other = other[0] if isinstance(other, list) else other
        return (frame.data, other.data if other is not None else None)


class Collect(Scripted, Sink):
    """Keeps what arrives: `frames` by node id, with the time of each."""

    presents = True
    video: In[AnyPort]
    service_ms: float = Param(0.0, ge=0, unit="ms", doc="time per frame")
    end_after: int = Param(0, ge=0, doc="the frames after which the sink wants no more, as a closed window; 0: never")

    kept: ClassVar[dict[str, list[tuple[Frame, int]]]] = {}

    def begin(self) -> None:
        self._count = 0
        type(self).kept.setdefault(self.ctx.node_id, [])

    async def process(self, video: Frame) -> EndOfStream | None:
        with self.life.doing("process"):
            call = self.life.call((video,), {}, self.params)
            began = self.ctx.clock.now_ns()
            await self._spend(self.service_ms)
            type(self).kept[self.ctx.node_id].append((video, began))
            call.given = 0
        self._count += 1
        return EndOfStream() if self._count == self.end_after else None


class CollectRecord(Collect):
    """A `Collect` that counts as a recorder: beside one that shows, its branch is detached."""

    presents = False
    records = True


class ScriptedPlugin:
    """Brings the scripted nodes as `test.*`; `test.collect` and `test.record` keep into `self.kept`, and what each node
    went through is in `self.diaries`, both by node id.
    """

    livegraph_api = "1"

    def __init__(self) -> None:
        self.kept: dict[str, list[tuple[Frame, int]]] = {}
        self.diaries: dict[str, Diary] = {}

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [
            NodeSpec("test.source", self._mine(ScriptedSource), "Frames at a steady rate"),
            NodeSpec("test.twin", self._mine(ScriptedTwin), "As test.source, with a second port"),
            NodeSpec("test.slow", self._mine(Slow), "Passes frames on after a while; fails, hangs or skips on request"),
            NodeSpec("test.pair", self._mine(SlowPair), "As test.slow, with a second input"),
            NodeSpec("test.collect", self._mine(Collect), "Shows nothing and keeps everything"),
            NodeSpec("test.record", self._mine(CollectRecord), "Keeps everything, as a recorder"),
        ]

    def _mine(self, cls: type[Scripted]) -> type[Scripted]:
        """The node as one that writes into this plugin's books."""
        return type(cls.__name__, (cls,), {"kept": self.kept, "diaries": self.diaries, "__doc__": cls.__doc__})
