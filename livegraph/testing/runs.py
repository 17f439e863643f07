"""Run a graph in a test: one call, on real or virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from livegraph.frame import Frame
from livegraph.graph import Plan, plan_graph
from livegraph.registry import Registry
from livegraph.runtime.clock import ShuffledLoop, VirtualClock, VirtualLoop
from livegraph.runtime.run import Outcome, Run
from livegraph.testing.nodes import ScriptedPlugin
from livegraph.types import Mode


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run left: the outcome, and what each `test.collect` kept."""

    outcome: Outcome
    run: Run
    kept: Mapping[str, list[tuple[Frame, int]]]

    @property
    def stats(self) -> dict[str, Any]:
        return self.outcome.stats

    def frames(self, sink: str) -> list[Frame]:
        """The frames that a `test.collect` got, in order."""
        return [frame for frame, _ in self.kept.get(sink, [])]

    def payloads(self, sink: str) -> list[Any]:
        return [frame.data for frame in self.frames(sink)]

    def presented_ns(self, sink: str) -> list[int]:
        """When each came, as run time."""
        return [when - self.run.host.epoch_ns for _, when in self.kept.get(sink, [])]


@contextmanager
def temporary_plugin(registry: Registry, plugin: object, name: str = "temporary") -> Iterator[None]:
    """A plugin for the length of a test; raises what keeps it from loading."""
    info = registry.add(plugin, name)
    if info.state != "loaded":
        raise RuntimeError(info.reason)
    try:
        yield
    finally:
        registry.remove(plugin)


def run_graph(
    document: Mapping[str, Any],
    *,
    plugins: Iterable[object] = (),
    mode: Mode | None = None,
    duration_s: float | None = None,
    virtual: int | None = None,
    shuffled: int | None = None,
) -> RunResult:
    """Plan and run a graph given as a dict, with every installed plugin, `plugins`, and the scripted `test.*` nodes.

    Put `test.collect` where the frames shall be looked at. `virtual`: run on virtual time, tasks shuffled by this seed
    (nodes on the event loop only); `shuffled`: on real time, tasks shuffled by this seed. Raises `GraphError`; how the
    run went is in the result.
    """
    scripted = ScriptedPlugin()
    registry = Registry()
    for number, plugin in enumerate((scripted, *plugins)):
        info = registry.add(plugin, f"test-{number}")
        if info.state != "loaded":
            raise RuntimeError(info.reason)
    plan = plan_graph(document, registry=registry, mode=mode)
    run = Run(plan, registry=registry)
    outcome = run_plan(run, duration_s, virtual=virtual, shuffled=shuffled)
    return RunResult(outcome, run, scripted.kept)


def run_plan(
    run: Run, duration_s: float | None = None, *, virtual: int | None = None, shuffled: int | None = None
) -> Outcome:
    """Run to the end, on real time, or on virtual time with tasks shuffled by a seed."""
    if virtual is None:
        with asyncio.Runner(loop_factory=lambda: ShuffledLoop(shuffled)) as runner:
            return runner.run(run.main(duration_s))
    loop = VirtualLoop(virtual)
    try:
        return loop.run_until_complete(run.main(duration_s, clock=VirtualClock(loop)))
    finally:
        loop.close()


__all__ = ["Plan", "RunResult", "run_graph", "run_plan", "temporary_plugin"]
