"""Once a second: how many credits are right, who hangs, whether the latency budget is kept and delays reach back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from livegraph.errors import NodeError
from livegraph.observe.watchdog import LoopWatchdog
from livegraph.runtime.budget import Budget
from livegraph.runtime.gate import Load
from livegraph.runtime.source import SourceWorker
from livegraph.runtime.worker import Worker

if TYPE_CHECKING:
    from livegraph.runtime.run import Run

LOOK_NS = 1_000_000_000
FIRST_LOOKS = 5
"""Early looks, a fifth of a second apart: the first guess of the credits is rough."""
DEADLINE_NS = 1_000_000_000


class Looks:
    """Looks at a live run from beside it."""

    def __init__(self, run: Run, watchdog: LoopWatchdog | None) -> None:
        self._run = run
        self._watchdog = watchdog
        self._host = run.host
        self._refused: dict[str, int] = {}
        self._led = {id: self._attached(id) for id, source in run.sources.items() if source.gate is not None}
        self._last_ns = self._host.clock.now_ns()
        self._told: set[str] = set()
        self._budgets = self._kept_by_sinks(self._run.plan.latency_budget_ns)

    async def run(self) -> None:
        """Until cancelled. Hung calls are looked for more often than credits are set."""
        early = FIRST_LOOKS
        while True:
            await asyncio.sleep(0.2)
            now = self._host.clock.now_ns()
            for worker in self._run.all_workers.values():
                worker.life.check_hung(now)
            if self._watchdog is not None:
                self._watchdog.beat()
            if early > 0 or now - self._last_ns >= LOOK_NS:
                early -= 1
                self._look(now, settled=early < 0)

    def _kept_by_sinks(self, budget_ns: int | None) -> dict[str, Budget]:
        sinks = [] if budget_ns is None else [id for id, w in self._run.workers.items() if w.plan.kind == "sink"]
        return {id: Budget(budget_ns or 0) for id in sinks}

    def _attached(self, source: str) -> dict[str, Worker]:
        return {id: w for id, w in self._run.workers.items() if w.plan.attached and w.plan.leads == source}

    def _look(self, now_ns: int, *, settled: bool) -> None:
        """Measure and set. Until it is `settled`, the graph fills for the first time: an idle node means nothing."""
        passed, self._last_ns = now_ns - self._last_ns, now_ns
        means = {id: _mean(worker) for id, worker in self._run.workers.items()}
        floor = 0
        for id, led in self._led.items():
            loads = {
                node: Load(means[node][0], worker.cadence.take, means[node][1] / max(passed, 1) if settled else 0.0)
                for node, worker in led.items()
            }
            floor = max(floor, self._set_credits(self._run.sources[id], led, loads))
        if self._host.trace is not None:
            self._host.trace.flush()
        self._host.deadline_ns = self._run.plan.deadline_ns or max(DEADLINE_NS, 3 * floor)
        self._check_budgets()
        self._check_delays()

    def _set_credits(self, source: SourceWorker, led: dict[str, Worker], loads: dict[str, Load]) -> int:
        gate = source.gate
        if gate is None or not led:
            return 0
        parents = {
            id: [edge.src.node for edge in worker.plan.inputs if edge.src.node in led and edge.policy == "attached"]
            for id, worker in led.items()
        }
        refused = gate.refused - self._refused.get(source.plan.id, 0)
        self._refused[source.plan.id] = gate.refused
        for worker in self._run.workers.values():
            if worker.plan.leads == source.plan.id:  # branches on the side too
                worker.join.period_ns = round(gate.period_ns)
        return gate.credits.look(loads, parents, gate.period_ns, refused)

    def _check_budgets(self) -> None:
        for id, budget in self._budgets.items():
            if budget.look(self._run.workers[id].meter.age):
                if budget.missed:
                    allowed = (self._run.plan.latency_budget_ns or 0) / 1e6
                    missed = f"node {id}: age is over the latency budget of {allowed:.0f} ms on this machine"
                    self._host.late(id, NodeError(missed))
                else:
                    self._host.in_time(id)

    def _check_delays(self) -> None:
        """Say once of each wire that it cannot hold the delay that was asked of it."""
        for id, worker in self._run.workers.items():
            for shortfall in worker.join.shortfalls:
                if shortfall.edge.plan.id not in self._told:
                    self._told.add(shortfall.edge.plan.id)
                    self._host.warn(id, NodeError(str(shortfall)))


def _mean(worker: Worker) -> tuple[float, int]:
    """Service and idle time since the last look. A node that is down or has ended takes no time and waits for nothing:
    it has no say in the credits.
    """
    mean = worker.meter.look()
    return mean if worker.life.state == "running" else (0.0, 0)
