"""Adaptive quality: a run's `latency_budget` is held by nodes that do less work while the machine does not suffice."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from livegraph.control.change import Change
from livegraph.controller import Controller
from livegraph.errors import ParamError
from livegraph.graph.plan import Plan
from livegraph.node import Node
from livegraph.params import Param, Params, flag
from livegraph.quality.facts import Look, Work
from livegraph.quality.ladder import Climber
from livegraph.quality.pilot import Begun, LetGo, Pilot, Step
from livegraph.runtime.worker import Worker
from livegraph.wording import there_are

log = logging.getLogger("livegraph.quality")

NAME = "quality"
LOOK_S = 0.25
FIRST_LOOK_S = 2.0
"""After the gates have opened: first frames are late by themselves."""
TOLD = 20
"""Steps that the statistics keep."""

Rungs = Sequence[Mapping[str, Any]]


class AdaptiveQuality(Controller):
    """Holds the graph's `latency_budget`: where frames come too old, a node does less work, along the ladder that it
    publishes; once there is time again, more. What people set is what it comes back to. Live only.
    """

    keep: float = Param(0.0, ge=0, le=1, doc="share of the source's frames that is to get in; 0: only age counts")
    nodes: tuple[str, ...] = Param((), doc="which nodes may do less; none named: all that can")

    @classmethod
    def objection(cls, params: Any, plan: Plan) -> str | None:
        if plan.latency_budget_ns is None and not params.keep:
            return (
                "adaptive quality has nothing to hold: write `latency_budget: 400ms` in the graph, or "
                "`controllers: {quality: {keep: 0.9}}`"
            )
        strange = [name for name in params.nodes if name not in plan.by_id]
        return f"quality: no node {strange[0]!r}. {there_are(plan.by_id)}" if strange else None

    def start(self) -> None:
        self._steps: deque[str] = deque(maxlen=TOLD)
        self._rungs: dict[str, Rungs] = {}
        self._silent: set[str] = set()
        self._pilot: Pilot | None = None
        if self.run.plan.mode == "live":
            self.run.ask(self._begin)

    def status(self) -> Mapping[str, Any]:
        """By node, on which rung of how many it is, and what that sets; the newest steps, with their reasons."""
        levels = {} if self._pilot is None else {id: each.level for id, each in self._pilot.climbers.items()}
        nodes = {
            id: {"level": level, "of": len(self._rungs[id]), "set": dict(self._set_at(id, level))}
            for id, level in levels.items()
        }
        return {"nodes": nodes, "steps": list(self._steps)}

    # --- on the run's loop ----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        run, named = self.run, self.params.nodes
        able = [id for id in run.workers if not named or id in named]
        self._rungs = {id: rungs for id in able if (rungs := self._ladder(id))}
        if not self._rungs:
            whom = " of those named" if named else ""
            run.say(f"quality: no node here can do with less{whom}: nothing to adapt")
            return
        climbers = {id: Climber(self._rebuilds(id)) for id in self._rungs}
        self._pilot = Pilot(run.plan.latency_budget_ns, self.params.keep, climbers)
        self._sinks = [id for id, each in run.workers.items() if each.plan.kind == "sink" and each.plan.attached]
        run.bus.listen(self._changed)
        run.later(LOOK_S, self._look)

    def _look(self) -> None:
        host, pilot = self.run.host, self._pilot
        if host.stopping or pilot is None:
            return
        if self.run.opened and host.run_time_ns > FIRST_LOOK_S * 1e9:
            done = pilot.look(self._facts())
            if isinstance(done, Step):
                self._step(done)
            elif isinstance(done, LetGo):
                host.playout.let_go(done.since_ns)
            elif isinstance(done, Begun):
                self._measure_anew(self.run.workers[done.node])
        self.run.later(LOOK_S, self._look)

    def _measure_anew(self, worker: Worker) -> None:
        worker.meter.begin_anew()
        source = self.run.sources.get(worker.plan.leads)
        if source is not None and source.gate is not None:
            source.gate.credits.begin_anew()

    def _step(self, step: Step) -> None:
        assert self._pilot is not None
        before, from_pts_ns = self._pilot.climbers[step.node].level, self.run.host.lead_pts_ns + 1
        if self._lend(step.node, step.level, self._rungs[step.node]):
            self._pilot.stepped(step, from_pts_ns, self.run.host.clock.now_ns())
            self._tell(step, before)
        else:
            self._rungs[step.node] = self._rungs[step.node][: max(step.level - 1, 0)]
            self._pilot.changed(step.node, self._rebuilds(step.node))

    def _lend(self, node: str, level: int, turned: Rungs) -> bool:
        """By a transaction, as anybody's: what a level sets, and the rest of what these rungs turn as people want it.
        Whether it could be.
        """
        wished = self.run.bus.wished(node)
        values = {name: getattr(wished, name) for rung in turned for name in rung}
        values.update(self._set_at(node, level))
        try:
            self.run.bus.lend({f"{node}.{name}": value for name, value in values.items()}, origin=NAME)
        except ParamError as error:
            log.warning("%s: level %d is refused: %s", node, level, error)
            return False
        return True

    def _tell(self, step: Step, before: int) -> None:
        way, last = "down" if step.level > before else "up", len(self._rungs[step.node])
        now = self._set_at(step.node, step.level)
        says = ", ".join(f"{name} {value}" for name, value in now.items()) or "as wanted"
        text = f"quality: {step.node} {way} to {step.level} of {last} ({says}): {step.reason}"
        self._steps.append(text)
        self.run.say(text)

    def _changed(self, change: Change) -> None:
        """Somebody else has set what a node is wanted to do."""
        for node, before in self._rungs.items():
            by_others = any(target.startswith(f"{node}.") and by != NAME for target, by in change.origins.items())
            if by_others and self._ladder(node) != before:
                self.run.later(0, partial(self._begin_anew, node))  # when all have heard of this change

    def _begin_anew(self, node: str) -> None:
        assert self._pilot is not None
        climber, before = self._pilot.climbers[node], self._rungs[node]
        lent = climber.level > 0
        self._rungs[node] = self._ladder(node)
        self._pilot.changed(node, self._rebuilds(node))
        if lent:
            self._lend(node, climber.level, [*before, *self._rungs[node]])

    def _set_at(self, node: str, level: int) -> Mapping[str, Any]:
        return self._rungs[node][level - 1] if level else {}

    def _ladder(self, node: str) -> Rungs:
        cls: type[Node] = self.run.plan.by_id[node].cls
        try:
            return [dict(rung) for rung in cls.ladder_for(self.run.bus.wished(node))]
        except Exception:  # the plugin's own code
            if node not in self._silent:
                log.exception("%s does not say how it can do with less", node)
            self._silent.add(node)
            return []

    def _rebuilds(self, node: str) -> tuple[bool, ...]:
        """For each rung, whether the step to it builds the node anew."""
        model: type[Params] = self.run.plan.by_id[node].cls.Params
        found, before = [], dict[str, Any]()
        for rung in self._rungs[node]:
            differ = {name for name in rung.keys() | before.keys() if rung.get(name) != before.get(name)}
            found.append(any(not flag(model, name, "live") for name in differ))
            before = dict(rung)
        return tuple(found)

    def _facts(self) -> Look:
        workers = self.run.workers
        gates = [source.gate for source in self.run.sources.values() if source.gate is not None]
        return Look(
            now_ns=self.run.host.clock.now_ns(),
            ages={id: workers[id].reached.copy() for id in self._sinks},
            shown={id: workers[id].meter.age.copy() for id in self._sinks},
            work={id: self._work(workers[id]) for id in self._rungs},
            offered=sum(gate.offered for gate in gates),
            admitted=sum(gate.admitted for gate in gates),
            seen_ns=min((workers[id].seen_ns for id in self._sinks), default=0),
        )

    def _work(self, worker: Worker) -> Work:
        done, since = worker.meter.process, worker.life.calling_since_ns
        calling = self.run.host.clock.now_ns() - since if since is not None else 0
        return Work(done.count, done.total_ns, worker.cadence.take, calling, worker.life.state == "running")
