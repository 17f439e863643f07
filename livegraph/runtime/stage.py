"""What a plan becomes before the show: workers, the edges between them, and a gate at each live source."""

from __future__ import annotations

from collections.abc import Sequence

from livegraph.control.change import Change
from livegraph.control.show import Show
from livegraph.graph.plan import NodePlan, Plan
from livegraph.runtime.edge import Edge
from livegraph.runtime.gate import Credits, Gate
from livegraph.runtime.host import Host
from livegraph.runtime.presenter import Presenter
from livegraph.runtime.source import Moment, SourceWorker
from livegraph.runtime.station import Station
from livegraph.runtime.way import Way
from livegraph.runtime.worker import Worker

USUAL_FPS = 30.0
"""Taken for a source's rate until it is measured, where the plan does not know it."""


class Stage:
    """Everything that runs, connected and not yet started. All of it by id, in the plan's order."""

    def __init__(self, plan: Plan, host: Host) -> None:
        self.sources: dict[str, SourceWorker] = {}
        self.workers: dict[str, Worker] = {}
        self.everyone: dict[str, Station] = {}
        self.edges: list[Edge] = []
        for lane, node in enumerate(plan.nodes):
            if node.kind == "source":
                self.everyone[node.id] = self.sources[node.id] = SourceWorker(node, host, lane)
            else:
                self.everyone[node.id] = self.workers[node.id] = _worker(node, host, lane)
        for node in plan.nodes:
            self._connect(node, host.live)
        for worker in self.workers.values():
            feeder = self.workers.get(worker.plan.inputs[0].src.node) if worker.plan.inputs else None
            worker.connect(round(1e9 / (worker.plan.fps_hint or USUAL_FPS)), Way(feeder, self._before(worker)))
        for source in self.sources.values():
            if host.live and source.gated:
                source.gate = self._gate(source)

    def who_waits(self) -> str:
        """Who waits for whom, when nobody moves."""
        waits = [f"{e.plan.src.node} waits for {e.plan.dst} to take from {e.plan.id}" for e in self.edges if e.full]
        waits += [f"{id} waits for input" for id, worker in self.workers.items() if worker.join.starved]
        return "; ".join(waits)

    def changed(self, change: Change) -> None:
        """Those that show are told of what concerns them all."""
        if change.values.keys() & Show.model_fields.keys():
            for worker in self.workers.values():
                if isinstance(worker, Presenter):
                    worker.changed()

    def _connect(self, node: NodePlan, live: bool) -> None:
        for plan in node.inputs:
            producer, consumer = self.everyone[plan.src.node], self.workers[node.id]
            edge = Edge(plan, live, producer.wake, consumer.wake)
            producer.outlet.edges[plan.src.port].append(edge)
            consumer.inlets[plan.port] = edge
            self.edges.append(edge)

    def _before(self, worker: Worker) -> list[Worker]:
        """All nodes that frames come through to a node, nearest first."""
        found: dict[str, Worker] = {}
        ways = [edge.src.node for edge in worker.plan.inputs if edge.role != "feedback"]
        while ways:
            name = ways.pop(0)
            if name in self.workers and name not in found:
                found[name] = self.workers[name]
                ways += [edge.src.node for edge in found[name].plan.inputs if edge.role != "feedback"]
        return list(found.values())

    def _gate(self, source: SourceWorker) -> Gate[Moment]:
        led = [w for w in self.workers.values() if w.plan.attached and w.plan.leads == source.plan.id]
        chunks = Chunks(led)
        gate = Gate(
            Credits(chunks.take, len(led)),
            source.admit,
            lambda: all(worker.resting for worker in led),
            chunks.ready_in_ns,
            chunks.missing,
            source.lose,
        )
        gate.period_ns = 1e9 / (source.plan.fps_hint or USUAL_FPS)
        for worker in led:
            worker.retaken = lambda: gate.retake(chunks.take)
        return gate


class Chunks:
    """What a gate's bursts are for: the first of the nodes behind it that takes most frames, as they are built now."""

    def __init__(self, led: Sequence[Worker]) -> None:
        self._led = led

    @property
    def take(self) -> int:
        return max((worker.cadence.take for worker in self._led), default=1)

    def ready_in_ns(self, now_ns: int) -> float:
        """How long until it can start a chunk of which nothing has arrived yet."""
        return self._largest.ready_in_ns(now_ns)

    def missing(self) -> int:
        """How many frames its next chunk lacks, beside those that lie before it or are in work on the way."""
        if not self._led:
            return 1
        largest = self._largest
        return largest.cadence.take - (largest.waiting + largest.way.coming) % largest.cadence.take

    @property
    def _largest(self) -> Worker:
        return max(self._led, key=lambda worker: worker.cadence.take)


def _worker(node: NodePlan, host: Host, lane: int) -> Worker:
    presents = node.kind == "sink" and getattr(node.cls, "presents", False)
    return (Presenter if presents else Worker)(node, host, lane)
