"""Ten minutes live: memory, threads and file descriptors stay where they are. `scripts/test --soak`."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from livegraph.graph import plan_graph
from livegraph.observe.machine import rss_mb
from livegraph.registry import Registry
from livegraph.runtime.run import Run

MINUTES = 10
SETTLED_S = 120
SLOPE_MB_PER_H = 1.0


def descriptors() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


@pytest.mark.soak
@pytest.mark.timeout(MINUTES * 60 + 120)
def test_ten_minutes_live_leave_no_trace(tmp_path: Path) -> None:
    nodes = {
        "cam": {"use": "media.pattern", "params": {"size": "640x360", "fps": 30, "live": True}},
        "edges": {"use": "vision.soft_edge", "in": "cam"},
        "blend": {"use": "vision.temporal_blend", "in": "edges"},
        "record": {"use": "media.record", "in": "blend", "params": {"path": str(tmp_path / "soak.mkv")}},
        "none": {"use": "media.null", "in": "blend"},
    }
    registry = Registry()
    run = Run(plan_graph({"livegraph": 1, "name": "soak", "nodes": nodes}, registry=registry), registry=registry)
    samples: list[tuple[float, float, int, int]] = []
    began = time.monotonic()

    def sample(stats: object) -> None:
        passed = time.monotonic() - began
        if passed > SETTLED_S and passed - (samples[-1][0] if samples else 0) >= 5:
            samples.append((passed, rss_mb(), threading.active_count(), descriptors()))

    outcome = run.execute(MINUTES * 60, on_tick=sample)
    assert outcome.ok, outcome.error
    when, memory, threads, files = (np.array(column) for column in zip(*samples, strict=True))
    slope = np.polyfit(when / 3600, memory, 1)[0]
    print(f"RSS slope {slope:.2f} MB/h over {len(samples)} samples, {memory[0]:.1f} to {memory[-1]:.1f} MB")
    assert slope <= SLOPE_MB_PER_H
    assert len(set(threads.tolist())) == 1
    assert len(set(files.tolist())) == 1
    assert outcome.stats["sinks"]["none"]["fps"] > 29
