"""A graph around wan.v2v, run in this process: a scene drawn before, the node, a sink that keeps times."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from livegraph import EndOfStream, Frame, In, InputError, NodeSpec, Out, Param, Sink, Source, Video, hookimpl
from livegraph_wan.backend import Pictures
from livegraph_wan.grid import FRAMES

if TYPE_CHECKING:
    from livegraph.runtime.run import Run

PROMPT_ADDRESS = "wan.prompt"


class Arrival(NamedTuple):
    """A picture at the sink."""

    captured_ns: int
    at: float
    """`time.perf_counter` when it came."""
    cpu: float
    """Seconds of processor time that the process had used."""


@dataclass(eq=False)
class Bench:
    """Brings `wanbench.scene` and `wanbench.keep` for one run, and has what came of it. `look` makes a number out of a
    picture. `script`: changes of parameters, each made once `every` pictures have come since the one before; `changes`
    has when. With a script the scene ends as many pictures after the last.
    """

    pictures: Pictures
    look: Callable[[Pictures], float] | None = None
    script: list[dict[str, Any]] = field(default_factory=list)
    every: int = 0
    changes: list[int] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    run: Run | None = None
    livegraph_api: ClassVar[str] = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec(f"wanbench.{name}", self._mine(cls)) for name, cls in (("scene", Scene), ("keep", Keep))]

    @hookimpl
    def livegraph_run_started(self, run: Run) -> None:
        self.run = run

    def _mine(self, cls: type[Scene] | type[Keep]) -> type[Scene] | type[Keep]:
        return type(cls.__name__, (cls,), {"bench": self, "__doc__": cls.__doc__})


class Scene(Source):
    """The same pictures again and again."""

    paced = True
    bench: ClassVar[Bench]
    out: Out[Video] = Out(formats=("rgb24",))
    fps: float = Param(30.0, gt=0, unit="fps", doc="frames per second")
    frames: int = Param(100, ge=1, doc="how many frames")
    live: bool = Param(False, doc="whether time passes by itself")

    @classmethod
    def is_live(cls, params: Any) -> bool:
        return bool(params.live)

    @classmethod
    def fps_for(cls, params: Any) -> float | None:
        return float(params.fps)

    def setup(self) -> None:
        self._count = self._seen = self._ripe = 0

    async def read(self) -> Frame | EndOfStream:
        if self._count >= self.frames or (self.bench.script and self._follow_script()):
            return EndOfStream()
        number, self._count = self._count, self._count + 1
        period, pictures = 1e9 / self.fps, self.bench.pictures
        return self.frame(pictures[number % len(pictures)], round(number * period), round(period))

    def _follow_script(self) -> bool:
        """Make the next change if it is time; whether all is over."""
        bench, done = self.bench, len(self.bench.changes)
        self._ripe = self._ripe + 1 if len(bench.arrivals) - self._seen >= bench.every else 0
        if self._ripe <= done % FRAMES:  # pictures come by the chunk: so each change meets another place of one
            return False
        if done == len(bench.script):
            return True
        assert bench.run is not None
        bench.changes.append(self.ctx.clock.now_ns())
        bench.run.bus.set(bench.script[done])
        self._seen, self._ripe = len(bench.arrivals), 0
        return False


class Keep(Sink):
    """Keeps when each picture came."""

    bench: ClassVar[Bench]
    video: In[Video] = In(formats=("rgb24",))

    async def process(self, video: Frame) -> None:
        self.bench.arrivals.append(Arrival(video.captured_ns, time.perf_counter(), time.process_time()))
        if self.bench.look is not None:
            self.bench.looks.append(self.bench.look(video.data))


def played(
    bench: Bench, scene: dict[str, Any], wan: dict[str, Any], more: Mapping[str, Any] = {}, node: str = "wan.v2v"
) -> dict[str, Any]:
    """Run scene -> wan -> keep, with these parameters, and `more` in the graph; returns the statistics. Raises what
    ended the run.
    """
    from livegraph.testing import run_graph

    nodes = {
        "scene": {"use": "wanbench.scene", "params": scene},
        "wan": {"use": node, "in": "scene", "params": wan, "on_error": "stop"},
        "keep": {"use": "wanbench.keep", "in": "wan"},
    }
    result = run_graph({"livegraph": 1, "name": "bench-wan", "nodes": nodes, **more}, plugins=[bench])
    if result.outcome.error is not None:
        raise InputError(f"the graph failed: {result.outcome.error}") from result.outcome.error
    return result.stats
