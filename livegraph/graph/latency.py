"""Algorithmic delay: the frames that nodes hold back by design, along every way from a source to a sink."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from livegraph.graph.plan import NodePlan, Plan
from livegraph.node import Node, Source
from livegraph.params import Params
from livegraph.wording import counted

_WAITING = ("primary", "exact", "nearest", "merge")


@dataclass(frozen=True, slots=True)
class PathLatency:
    """The slowest way to a sink. `frames` of the source are held back; `ms` is None where its rate is not known."""

    sink: str
    path: tuple[str, ...]
    frames: float
    ms: float | None

    def __str__(self) -> str:
        time = f"{self.ms:.0f} ms" if self.ms is not None else "unknown time"
        return f"{' -> '.join(self.path)} holds back {counted(self.frames, 'frame')}, {time}"


@dataclass(frozen=True, slots=True)
class _Way:
    """The slowest way up to a node; `rate`: frames that come out per frame of the source."""

    path: tuple[str, ...] = ()
    frames: float = 0.0
    rate: float = 1.0
    fps: float | None = None


def latencies(plan: Plan) -> tuple[PathLatency, ...]:
    """Per sink the way that holds back most. `core.delay` does not count: an earlier picture is what it is for."""
    ways: dict[str, _Way] = {}
    for node in plan.nodes:
        ways[node.id] = _through(node, ways)
    return tuple(_told(sink.id, ways[sink.id]) for sink in plan.sinks)


def source_fps(cls: type[Node], params: Params) -> float | None:
    """The nominal rate of a source where it is known before it opens."""
    if not issubclass(cls, Source):
        return None
    fps = cls.fps_for(params)
    return fps if fps and fps > 0 else None


def _through(node: NodePlan, ways: dict[str, _Way]) -> _Way:
    fps = source_fps(node.cls, node.params)
    before = max(_incoming(node, ways), key=lambda way: way.frames, default=_Way(fps=fps))
    held = (node.cadence.take - 1 + node.cadence.delay) / before.rate
    rate = before.rate * node.cadence.give / node.cadence.take
    return _Way((*before.path, node.id), before.frames + held, rate, before.fps)


def _incoming(node: NodePlan, ways: dict[str, _Way]) -> Iterator[_Way]:
    return (ways[edge.src.node] for edge in node.inputs if edge.role in _WAITING and edge.src.node in ways)


def _told(sink: str, way: _Way) -> PathLatency:
    return PathLatency(sink, way.path, way.frames, way.frames / way.fps * 1e3 if way.fps else None)
