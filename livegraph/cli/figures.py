"""The `--stats` document as rows for people. Plain data in, plain data out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CAUSES: Mapping[str, str] = {
    "gate": "not taken in: the graph was busy, and a newer frame was on its way",
    "age": "too old to be worth more work",
    "edge": "passed over by a branch that only wants the newest",
    "overflow": "a branch that keeps frames had no room left",
    "chunk_tail": "too few to fill a chunk",
    "chunk_gap": "too far from what came next for one chunk",
    "error": "lost in a node that failed",
    "stop": "still under way when the run ended",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A node for the table; None where a figure does not apply or is not known yet."""

    id: str
    type: str
    state: str
    fps: float | None
    p50_ms: float | None
    p95_ms: float | None
    queue: tuple[int, int] | None
    drops: int
    age_ms: float | None
    bottleneck: bool
    errors: int
    restarts: int


def rows(stats: Mapping[str, Any]) -> list[Row]:
    """One row per node, in the order of the document, which is the order of the graph."""
    return [_row(stats, node_id, node) for node_id, node in stats["nodes"].items()]


def _row(stats: Mapping[str, Any], node_id: str, node: Mapping[str, Any]) -> Row:
    service = node.get("process_ms") or {}
    sink = stats["sinks"].get(node_id, {})
    return Row(
        id=node_id,
        type=node.get("type", ""),
        state=node.get("state", ""),
        fps=sink.get("fps", node.get("fps")),
        p50_ms=service.get("p50") or None,
        p95_ms=service.get("p95") or None,
        queue=_queue(stats, node_id),
        drops=sum(_drops_at(stats, node_id).values()),
        age_ms=age_p95(sink),
        bottleneck=stats.get("bottleneck") == node_id,
        errors=node.get("errors", 0),
        restarts=node.get("restarts", 0),
    )


def age_p95(sink: Mapping[str, Any]) -> float | None:
    """Milliseconds from capture to presentation that 95 % of a sink's frames stay below; None before the first."""
    age = sink.get("age_ms") or {}
    return age.get("p95") if sink.get("frames") else None


def _edges_into(stats: Mapping[str, Any], node_id: str) -> list[Mapping[str, Any]]:
    return [edge for name, edge in stats["edges"].items() if name.partition("->")[2].rpartition(".")[0] == node_id]


def _queue(stats: Mapping[str, Any], node_id: str) -> tuple[int, int] | None:
    """The fullest edge into the node: frames that wait there, and its capacity, 0 where the gate bounds it."""
    return max(((edge["length"], edge["capacity"]) for edge in _edges_into(stats, node_id)), default=None)


def _drops_at(stats: Mapping[str, Any], node_id: str) -> Counter[str]:
    """What was dropped at a source, or in a node and on the way into it, by cause."""
    source = stats["sources"].get(node_id)
    own = source or stats["nodes"][node_id]
    total = Counter[str](own.get("dropped") or {})
    for edge in _edges_into(stats, node_id):
        total.update(edge.get("dropped") or {})
    return total


def drops(stats: Mapping[str, Any]) -> Counter[str]:
    """Every drop of the run, by cause."""
    total: Counter[str] = Counter()
    for node_id in stats["nodes"]:
        total.update(_drops_at(stats, node_id))
    return Counter({cause: count for cause, count in total.items() if count})


def offered(stats: Mapping[str, Any]) -> int:
    return sum(source["offered"] for source in stats["sources"].values())
