"""The statistics of a run as one document: what `--stats` writes and the live table shows."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from livegraph.observe.machine import CpuMeter, GpuMeter, rss_mb
from livegraph.runtime.function_life import FunctionLife
from livegraph.runtime.source import SourceWorker
from livegraph.runtime.station import Station
from livegraph.runtime.worker import Worker

if TYPE_CHECKING:
    from livegraph.runtime.run import Run

RATE_WINDOW_NS = 2_000_000_000


class Rates:
    """Frames per second of each node over the last two seconds."""

    def __init__(self) -> None:
        self._past: deque[tuple[int, dict[str, int]]] = deque()

    def fps(self, now_ns: int, counts: dict[str, int]) -> dict[str, float]:
        self._past.append((now_ns, counts))
        while len(self._past) > 2 and now_ns - self._past[1][0] >= RATE_WINDOW_NS:
            self._past.popleft()
        then_ns, then = self._past[0]
        passed = (now_ns - then_ns) / 1e9
        return {id: (count - then.get(id, 0)) / passed if passed > 0 else 0.0 for id, count in counts.items()}


class Report:
    """Makes the document of one run; see section "statistics" of the documentation for its fields."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._cpu = CpuMeter()
        self._gpus = GpuMeter()
        self._rates = Rates()

    def document(self, *, final: bool = False) -> dict[str, Any]:
        run = self._run
        now = run.host.clock.now_ns()
        elapsed = max((run.ended_ns or now) - run.host.epoch_ns, 1) if run.host.epoch_ns or run.opened else 0
        counts = {id: _frames(worker) for id, worker in run.all_workers.items()}
        if final and elapsed:
            fps = {id: count * 1e9 / elapsed for id, count in counts.items()}
        else:
            fps = self._rates.fps(now, counts)
        fps = {id: round(rate, 2) for id, rate in fps.items()}
        ledger = run.host.ledger
        return {
            "graph": run.plan.name,
            "mode": run.plan.mode,
            "duration_s": round(elapsed / 1e9, 3),
            "machine": {
                "cpu_percent": self._cpu.overall() if final else self._cpu.percent(),
                "rss_mb": round(rss_mb(), 1),
                "gpu": self._gpus.latest(),
            },
            "sources": {id: _source(source) for id, source in run.sources.items()},
            "nodes": {id: self._node(worker, fps[id]) for id, worker in run.all_workers.items()},
            "functions": {id: self._function(life) for id, life in run.host.functions.items()},
            "edges": {edge.plan.id: edge.statistics()._asdict() for edge in run.edges},
            "sinks": {id: _sink(worker, fps[id]) for id, worker in run.workers.items() if worker.plan.kind == "sink"},
            "tickets": {"issued": ledger.issued, "settled": ledger.settled},
            "bottleneck": bottleneck(run.workers),
            "control": {
                "revision": run.bus.revision,
                "doors": {name: door.document() for name, door in run.doors.copy().items()},
                "controllers": run.redactor.value(run.services.status()),
            },
            "health": run.health,
            "notes": list(run.notes),
        }

    def _function(self, life: FunctionLife) -> dict[str, Any]:
        status = self._run.redactor.value(life.status())
        return {"type": life.plan.type, "state": life.state, "status": status}

    def _node(self, worker: Station, fps: float) -> dict[str, Any]:
        return _node(worker, fps) | {"status": self._run.redactor.value(worker.life.status())}


def bottleneck(workers: Mapping[str, Worker]) -> str | None:
    """The node that takes longest per input frame."""
    busy = {id: w.meter.mean_ns / w.cadence.take for id, w in workers.items() if w.plan.attached}
    return max(busy, key=lambda id: busy[id]) if any(busy.values()) else None


def _frames(worker: Station) -> int:
    return worker.meter.taken if worker.plan.kind == "sink" else worker.meter.frames_out


def _source(source: SourceWorker) -> dict[str, Any]:
    gate, dropped = source.gate, dict(source.meter.dropped)
    if gate is None:
        return {
            "offered": source.moments,
            "admitted": source.moments,
            "credits": 0,
            "dropped": dropped,
        }
    if gate.dropped:
        dropped["gate"] = gate.dropped
    return {
        "offered": gate.offered,
        "admitted": gate.admitted,
        "credits": gate.credits.count,
        "in_work": gate.out,
        "refused_share": round(gate.refused / gate.offered, 3) if gate.offered else 0.0,
        "dropped": dropped,
    }


def _node(worker: Station, fps: float) -> dict[str, Any]:
    meter, life = worker.meter, worker.life
    return {
        "type": worker.plan.type,
        "state": life.state,
        "frames_in": meter.frames_in,
        "frames_out": meter.frames_out,
        "gaps": meter.gaps,
        "errors": meter.errors,
        "restarts": life.restarts,
        "fps": fps,
        "process_ms": meter.process.summary_ms(),
        "dropped": dict(meter.dropped),
    }


def _sink(worker: Worker, fps: float) -> dict[str, Any]:
    meter = worker.meter
    return {
        "frames": meter.taken,
        "first_at": meter.first_at and round(meter.first_at, 3),
        "fps": fps,
        "age_ms": meter.age.summary_ms(),
    }
