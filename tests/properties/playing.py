"""Plays a random graph on virtual time, and looks at it from beside while it runs."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from graphs import Case, Deed
from livegraph import hookimpl
from livegraph.graph import plan_graph
from livegraph.registry import Registry
from livegraph.runtime import stage
from livegraph.runtime.edge import Edge, Entry
from livegraph.runtime.gate import Gate
from livegraph.runtime.run import Outcome, Run
from livegraph.testing import Diary, ScriptedPlugin, VirtualClock, VirtualLoop

LONGEST_S = 1e9
LOOK_NS = 400_000_000
"""Hung calls are looked for every 0.2 s."""


class SeenEdge(Edge):
    """An edge that counts what goes in and out, keeps the pts of what came, and notes those that do not rise, or lie
    below what was promised.
    """

    __slots__ = ("breaches", "came", "late", "popped", "puts")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.puts = self.popped = self.late = 0
        self.breaches: list[str] = []
        self.came: list[int] = []

    def put(self, frame: Any, tickets: Any, now_ns: int) -> None:
        if frame.pts_ns <= self.bound:
            self.breaches.append(f"{self.plan.id}: {frame.pts_ns} after the bound {self.bound}")
        if self.ended:
            self.breaches.append(f"{self.plan.id}: a frame after the end")
        self.puts += 1
        self.came.append(frame.pts_ns)
        self.late += self.closed
        super().put(frame, tickets, now_ns)
        if not self.closed and self.entries[-1].frame.pts_ns != frame.pts_ns:
            self.breaches.append(f"{self.plan.id}: {frame.pts_ns} was dropped for an older one")

    def pop(self) -> Entry:
        self.popped += 1
        return super().pop()


@dataclass
class Played:
    """A run that has ended, and what was seen of it. `moments`: when deeds were done, and when it ended (run loop's
    seconds); `thresholds`: the first pts for which each transaction holds.
    """

    case: Case
    run: Run
    scripted: ScriptedPlugin
    outcome: Outcome = field(init=False)
    breaches: list[str] = field(default_factory=list)
    deadline_ns: int = 0
    done_s: dict[str, float] = field(default_factory=dict)
    thresholds: list[int] = field(default_factory=list)
    ended_s: float = 0.0
    cancelled: bool = False

    @property
    def stats(self) -> dict[str, Any]:
        return self.outcome.stats

    @property
    def edges(self) -> list[SeenEdge]:
        return [edge for edge in self.run.edges if isinstance(edge, SeenEdge)]

    def diary(self, node: str) -> Diary:
        return self.scripted.diaries[node]

    def dropped(self, node: str) -> Counter[str]:
        return Counter(self.stats["nodes"][node]["dropped"])

    @hookimpl
    def livegraph_run_started(self, run: Run) -> None:
        """Listen at every gate before the first frame."""
        for name, source in run.sources.items():
            if source.gate is not None:
                self._listen(name, source.gate)

    def _listen(self, name: str, gate: Gate) -> None:
        """No more frames are let in than there are credits, now or when the last one came in: a burst that has begun
        is completed. Only the last frame of a stream gets in whatever the credits say.
        """
        allowed = gate.credits.count
        admit, finish = gate._admit, gate.finish
        finishing = False

        def admitted(frame: Any) -> None:
            nonlocal allowed
            if gate.out > max(allowed, gate.credits.count) and not finishing:
                self.breaches.append(f"gate {name}: {gate.out} are out, {gate.credits.count} credits")
            allowed = gate.credits.count
            admit(frame)

        def finished() -> None:
            nonlocal finishing
            finishing = True
            finish()

        gate._admit = admitted
        gate.finish = finished  # type: ignore[method-assign]

    def do(self, deed: Deed) -> None:
        now = asyncio.get_running_loop().time()
        if deed.what == "set":
            if self.run.opened:
                self.thresholds.append(self.run.host.lead_pts_ns + 1)
            self.run.bus.set(dict(deed.values))
            return
        self.done_s.setdefault(deed.what, now)
        (self.run.stop if deed.what == "stop" else self.run.cancel)()

    def listen_to_cancel(self) -> None:
        """A stop that has not drained by its deadline cancels too."""
        cancel = self.run.cancel

        def cancelled() -> None:
            self.cancelled = True
            cancel()

        self.run.cancel = cancelled  # type: ignore[method-assign]


def play(case: Case, seed: int | None = None) -> Played:
    """One run from beginning to end; `Played.breaches` is what must be empty."""
    scripted = ScriptedPlugin()
    registry = Registry(discover=False)
    registry.add(scripted, "test")
    with mock.patch.object(stage, "Edge", SeenEdge):
        run = Run(plan_graph(case.document, registry=registry), registry=registry)
        played = Played(case, run, scripted)
        registry.manager.register(played)
        played.listen_to_cancel()
        loop = VirtualLoop(case.seed if seed is None else seed)
        try:
            played.outcome = loop.run_until_complete(_main(played, VirtualClock(loop)))
            played.ended_s = loop.time()
            played.deadline_ns = max(played.deadline_ns, run.host.deadline_ns)
        finally:
            loop.close()
    return played


async def _main(played: Played, clock: VirtualClock) -> Outcome:
    loop = asyncio.get_running_loop()
    watching = loop.create_task(_watch(played))
    for deed in played.case.deeds:
        loop.call_later(deed.at_s, played.do, deed)
    try:
        return await played.run.main(played.case.duration_s, clock=clock)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(played: Played) -> None:
    """Live: notes where a gated source stalls: every node waits for a second, and frames come but none is let in."""
    before: dict[str, tuple[int, int, int]] = {}
    run = played.run
    while run.plan.mode == "live":
        await asyncio.sleep(0.2)
        played.deadline_ns = max(played.deadline_ns, run.host.deadline_ns)
        if run.opened:
            played.breaches += _troubles(played)
        if run.opened and round(asyncio.get_running_loop().time() * 5) % 5 == 0:
            before = _stalls(played, before)


def _troubles(played: Played) -> list[str]:
    """Whoever hangs is revoked in time; whoever works again is no longer passed by."""
    now = played.run.host.clock.now_ns()
    found = []
    for name, worker in played.run.workers.items():
        since = worker.life.calling_since_ns
        if since is not None and now - since > worker.plan.timeout_s * 1e9 + LOOK_NS:
            found.append(f"{name}: a call since {(now - since) / 1e9:.1f} s")
        if worker._down and worker.life.state == "running":
            found.append(f"{name}: runs again, and gets no frames")
    return found


def _stalls(played: Played, before: dict[str, tuple[int, int, int]]) -> dict[str, tuple[int, int, int]]:
    run = played.run
    seen: dict[str, tuple[int, int, int]] = {}
    for name, source in run.sources.items():
        gate = source.gate
        if gate is None or run.host.stopping:
            continue
        led = [worker for worker in run.workers.values() if worker.plan.leads == name and worker.plan.attached]
        now = seen[name] = (gate.admitted, sum(worker.meter.process.count for worker in led), gate.offered)
        then = before.get(name, now)
        if all(worker.wake.waiting for worker in led) and now[:2] == then[:2] and now[2] >= then[2] + 2:
            played.breaches.append(f"{name} stalls: {now} after {then}")
    return seen
