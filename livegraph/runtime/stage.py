"""What a plan becomes before the show: workers, the edges between them, and a gate at each live source."""

from __future__ import annotations

from collections.abc import Callable

from livegraph.graph.plan import NodePlan, Plan
from livegraph.runtime.edge import Edge
from livegraph.runtime.gate import Credits, Gate
from livegraph.runtime.host import Host
from livegraph.runtime.presenter import Presenter
from livegraph.runtime.source import Moment, SourceWorker
from livegraph.runtime.station import Station
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
            worker.connect(round(1e9 / (worker.plan.fps_hint or USUAL_FPS)), self._before(worker))
        for source in self.sources.values():
            if host.live and source.gated:
                source.gate = self._gate(source)

    def who_waits(self) -> str:
        """Who waits for whom, when nobody moves."""
        waits = [f"{e.plan.src.node} waits for {e.plan.dst} to take from {e.plan.id}" for e in self.edges if e.full]
        waits += [f"{id} waits for input" for id, worker in self.workers.items() if worker.join.starved]
        return "; ".join(waits)

    def _connect(self, node: NodePlan, live: bool) -> None:
        for plan in node.inputs:
            producer, consumer = self.everyone[plan.src.node], self.workers[node.id]
            edge = Edge(plan, live, producer.wake, consumer.wake)
            producer.outlet.edges[plan.src.port].append(edge)
            consumer.inlets[plan.port] = edge
            self.edges.append(edge)

    def _before(self, worker: Worker) -> list[Worker]:
        """All nodes that a node's frames come through, nearest first."""
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
        take = max((worker.plan.cadence.take for worker in led), default=1)
        chunked = next((worker for worker in led if worker.plan.cadence.take == take), None)
        gate = Gate(
            Credits(take, len(led)),
            source.admit,
            lambda: all(worker.resting for worker in led),
            chunked.ready_in_ns if chunked is not None else lambda now_ns: 0.0,
            self._missing(chunked),
            source.lose,
        )
        gate.period_ns = 1e9 / (source.plan.fps_hint or USUAL_FPS)
        return gate

    def _missing(self, chunked: Worker | None) -> Callable[[], int]:
        """How many frames a node's next chunk lacks, beside those that lie before it or are in work on the way."""
        if chunked is None:
            return lambda: 1
        take, way = chunked.plan.cadence.take, [chunked]
        while (name := way[-1].plan.inputs[0].src.node) in self.workers:
            way.append(self.workers[name])
        return lambda: take - (chunked.waiting + sum(worker.in_hand for worker in way[1:])) % take


def _worker(node: NodePlan, host: Host, lane: int) -> Worker:
    presents = node.kind == "sink" and getattr(node.cls, "presents", False)
    return (Presenter if presents else Worker)(node, host, lane)
