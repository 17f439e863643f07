"""A test bed: a graph of the nodes to measure with, ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from livegraph.bench import nodes
from livegraph.bench.nodes import Log, Logged
from livegraph.graph import plan_graph
from livegraph.hookspecs import hookimpl
from livegraph.node import Node, NodeSpec
from livegraph.registry import Registry
from livegraph.runtime.run import Outcome, Run

N = TypeVar("N", bound=type[Node])

NODES: Mapping[str, type[Node]] = {
    cls.__name__.lower(): cls
    for cls in (
        nodes.Tick,
        nodes.Timer,
        nodes.Pass,
        nodes.PassThread,
        nodes.Pair,
        nodes.Spin,
        nodes.Rest,
        nodes.RestThread,
        nodes.End,
        nodes.Show,
        nodes.Count,
    )
}


class BenchNodes:
    """Brings these nodes as `bench.*`, with a log of their own; `replaced` stands in for some."""

    livegraph_api = "1"

    def __init__(self, log: Log, replaced: Mapping[str, type[Node]]) -> None:
        self._log = log
        self._classes = {**NODES, **replaced}

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec(f"bench.{name}", self._own(cls)) for name, cls in self._classes.items()]

    def _own(self, cls: N) -> N:
        return type(cls.__name__, (cls,), {"log": self._log}) if issubclass(cls, Logged) else cls  # type: ignore[return-value]


@dataclass(slots=True)
class Bed:
    """A graph that is ready to run, and what it will have kept."""

    run: Run
    log: Log

    def execute(self, duration_s: float | None = None) -> Outcome:
        return checked(self.run.execute(duration_s))


def bed(graph: Mapping[str, Any], trace: Path | None = None, **replaced: type[Node]) -> Bed:
    """A graph of `bench.*` nodes; live where its source is."""
    log, registry = Log(), Registry(discover=False)
    registry.add(BenchNodes(log, replaced), "bench")
    plan = plan_graph({"livegraph": 1, "name": "bench", "nodes": graph}, registry=registry)
    return Bed(Run(plan, trace=trace), log)


def checked(outcome: Outcome) -> Outcome:
    """A figure of a run that failed would mean nothing."""
    if outcome.error is not None:
        raise outcome.error
    return outcome


def chain(kinds: Mapping[str, Mapping[str, Any]], source: Mapping[str, Any], sink: str = "end") -> dict[str, Any]:
    """source -> the nodes in order -> a sink; `kinds`: node id -> its type and parameters."""
    graph: dict[str, Any] = {"source": {"use": "bench.tick", "params": dict(source)}}
    before = "source"
    for name, kind in kinds.items():
        graph[name] = {**kind, "in": before}
        before = name
    return {**graph, "sink": {"use": f"bench.{sink}", "in": before}}
