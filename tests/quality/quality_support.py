"""A node that can do with less, on virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from livegraph import Frame, In, Node, NodeSpec, Out, Param, hookimpl
from livegraph.graph import Plan, plan_graph
from livegraph.node import Cadence
from livegraph.quality.controller import AdaptiveQuality
from livegraph.registry import Registry
from livegraph.runtime.run import Run
from livegraph.testing import ScriptedPlugin, VirtualClock, VirtualLoop
from livegraph.types import AnyPort

EFFORTS = (0.7, 0.45, 0.25)


class Painter(Node):
    """Takes `ms` a call at full effort, times `slow`: what else the machine does."""

    video: In[AnyPort]
    out: Out[AnyPort]
    ms: float = Param(25.0, live=True, doc="time per call")
    slow: float = Param(1.0, live=True, doc="how much slower the machine is")
    effort: float = Param(1.0, gt=0, le=1, live=True, doc="share of the work")
    small: bool = Param(False, doc="a tenth of the work; builds the node anew")
    with_small: bool = Param(False, doc="whether that is a rung")
    take: int = Param(1, doc="frames per call")
    jitter: float = Param(0.0, live=True, doc="spread of the time, as a share of it")

    @classmethod
    def cadence_for(cls, params: Any) -> Cadence:
        return Cadence(params.take, params.take)

    @classmethod
    def ladder_for(cls, params: Any) -> Sequence[Mapping[str, Any]]:
        if params.ms < 0:
            raise RuntimeError("no such ladder")
        rungs: list[dict[str, Any]] = [{"effort": effort} for effort in EFFORTS if effort < params.effort]
        return [*rungs, {**rungs[-1], "small": True}] if params.with_small and rungs else rungs

    async def setup(self) -> None:
        await self._pass(1500)

    async def process(self, video: Frame | Sequence[Frame]) -> Any:
        number = getattr(self, "_number", 0)
        self._number = number + 1
        spread = 1 + self.params.jitter * ((number * 7919 % 101) / 50 - 1)
        await self._pass(
            self.params.ms * self.params.slow * self.params.effort * (0.1 if self.params.small else 1) * spread
        )
        if isinstance(video, Sequence):
            return [frame.with_data(self.params.effort) for frame in video]
        return video.with_data(self.params.effort)

    async def _pass(self, ms: float) -> None:
        await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + round(ms * 1e6))


class Plugin:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("test.painter", Painter)]


def painting(budget: str = "120ms", fps: float = 30.0, **params: Any) -> dict[str, Any]:
    return {
        "livegraph": 1,
        "name": "test",
        "mode": "live",
        "latency_budget": budget,
        "nodes": {
            "src": {"use": "test.source", "params": {"fps": fps}},
            "paint": {"use": "test.painter", "in": "src", "params": params},
            "out": {"use": "test.collect", "in": "paint"},
        },
    }


class Played:
    """What came of a run: `shown` has `(seconds, age in s, effort)` of each frame."""

    def __init__(self, run: Run, quality: AdaptiveQuality, kept: Sequence[tuple[Frame, int]]) -> None:
        self.run, self.quality = run, quality
        epoch = run.host.epoch_ns
        self.shown = [((at - epoch) / 1e9, (at - frame.captured_ns) / 1e9, frame.data) for frame, at in kept]
        self.steps = list(quality.status()["steps"])

    def p95(self, begin: float, end: float) -> float:
        ages = sorted(age for at, age, _ in self.shown if begin <= at < end)
        return ages[min(int(0.95 * len(ages)), len(ages) - 1)]

    def efforts(self) -> list[tuple[float, float]]:
        """When each other effort was first shown."""
        found: list[tuple[float, float]] = []
        for at, _, effort in self.shown:
            if not found or found[-1][1] != effort:
                found.append((round(at, 2), effort))
        return found


def planned(document: Mapping[str, Any]) -> tuple[Plan, ScriptedPlugin]:
    scripted = ScriptedPlugin()
    registry = Registry(discover=False)
    for name, brought in (("scripted", scripted), ("quality", Plugin())):
        assert registry.add(brought, name).state == "loaded"
    return plan_graph(document, registry=registry), scripted


def play(
    document: Mapping[str, Any],
    duration_s: float | None,
    at: Mapping[float, Mapping[str, Any] | Callable[[Run], Any]] | None = None,
    *,
    seed: int = 7,
    **params: Any,
) -> Played:
    """Run on virtual time under adaptive quality; at given moments somebody sets something."""
    plan, scripted = planned(document)
    run = Run(plan)
    quality = AdaptiveQuality(AdaptiveQuality.Params(**params), run)
    raised: list[BaseException] = []

    def done(action: Mapping[str, Any] | Callable[[Run], Any]) -> None:
        try:
            if callable(action):
                action(run)
            else:
                run.bus.set(action, origin="hand")
        except BaseException as error:
            raised.append(error)

    async def main() -> Any:
        loop.call_soon(quality.start)
        for when, action in (at or {}).items():
            loop.call_later(when + 1.5, done, action)  # the painter takes 1.5 s to set up
        return await run.main(duration_s, clock=VirtualClock(loop))

    loop = VirtualLoop(seed)
    try:
        outcome = loop.run_until_complete(main())
    finally:
        loop.close()
    if raised:
        raise raised[0]
    assert outcome.ok, outcome.error
    return Played(run, quality, scripted.kept["out"])
