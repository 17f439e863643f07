"""A run in plain lines, for logs and pipes; and its last words, for every kind of output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from livegraph.cli.duration import clock
from livegraph.cli.figures import CAUSES, age_p95, drops, offered, rows
from livegraph.wording import counted

RECORDED = ": recorded "
"""What the note of a recorder has behind the node's name, once it has finished its file."""


def progress(stats: Mapping[str, Any]) -> str:
    """One line for one moment: rates, service times, the ages at the sinks, drops, the bottleneck."""
    parts = []
    for row in rows(stats):
        part = f"{row.id} {row.fps or 0:.1f} fps"
        part += f" {row.p50_ms:.1f} ms" if row.p50_ms is not None else ""
        part += f" age {row.age_ms:.0f} ms" if row.age_ms is not None else ""
        part += f" {row.state.upper()}" if row.state not in ("running", "ended") else ""
        parts.append(part)
    if dropped := drops(stats):
        parts.append("dropped " + ", ".join(f"{cause} {count}" for cause, count in dropped.items()))
    if stats.get("bottleneck"):
        parts.append(f"bottleneck {stats['bottleneck']}")
    return f"[{clock(stats['duration_s'])}] {stats.get('health', '')}: " + " | ".join(parts)


def summary(stats: Mapping[str, Any]) -> Iterator[str]:
    """What a run came to: its sinks, its drops by cause, and what each means."""
    yield f"{stats['graph']}: {stats['mode']}, {stats['duration_s']:.1f} s"
    for name, sink in stats["sinks"].items():
        age = age_p95(sink)
        fresh = f", 95 % of them at most {age:.0f} ms old" if age is not None and stats["mode"] == "live" else ""
        yield f"  {name}: {counted(sink['frames'], 'frame')}, {sink.get('fps') or 0:.1f} a second{fresh}"
    dropped = drops(stats)
    if dropped:
        yield f"  dropped {sum(dropped.values())} of {counted(offered(stats), 'frame')}:"
        for cause, meaning in CAUSES.items():
            if cause in dropped:
                yield f"    {cause} {dropped[cause]}: {meaning}"
    for name, node in stats["nodes"].items():
        if node.get("errors") or node.get("restarts"):
            yield f"  {name}: {counted(node.get('errors', 0), 'error')}, {counted(node.get('restarts', 0), 'restart')}"


def recordings(stats: Mapping[str, Any]) -> list[str]:
    """The notes that say where recordings lie."""
    return [note for note in stats.get("notes") or () if RECORDED in note]
