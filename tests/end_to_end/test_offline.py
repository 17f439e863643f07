"""Same graph, two clocks: offline, every frame is rendered, and the output does not depend on how tasks interleave."""

from __future__ import annotations

import hashlib
from typing import Any

from livegraph import Frame, Yuv420p, pixel_format
from livegraph.testing import RunResult, run_graph

RUNS = 20
FRAMES = 48

FORK = {
    "livegraph": 1,
    "name": "fork",
    "mode": "offline",
    "nodes": {
        "film": {"use": "media.pattern", "params": {"size": "160x96", "live": False, "frames": FRAMES}},
        "edges": {"use": "vision.canny", "in": "film"},
        "soft": {"use": "vision.soft_edge", "in": "film"},
        "swing": {"use": "core.lfo", "params": {"frequency": 1.3, "low": 0.0, "high": 0.9}},
        "trail": {"use": "vision.temporal_blend", "in": "soft", "params": {"ratio": {"from": "swing"}}},
        "thin": {"use": "vision.similarity_skip", "in": "edges", "params": {"threshold": 0.5}},
        "mix": {
            "use": "vision.composite",
            "in": {"a": "trail", "b": {"from": "thin", "join": "hold"}},
            "params": {"mode": "screen"},
        },
        "out": {"use": "test.collect", "in": "mix"},
        "plain": {"use": "test.collect", "in": "trail"},
    },
}


def digest(frames: list[Frame]) -> str:
    """Of every raw plane, with its pts and format."""
    seen = hashlib.sha256()
    for frame in frames:
        picture: Any = frame.data
        planes = (picture.y, picture.u, picture.v) if isinstance(picture, Yuv420p) else (picture,)
        seen.update(f"{frame.pts_ns} {frame.duration_ns} {pixel_format(picture)}".encode())
        for plane in planes:
            seen.update(plane.tobytes())
    return seen.hexdigest()


def drops(result: RunResult) -> int:
    stats = result.stats
    parts = (*stats["nodes"].values(), *stats["edges"].values(), *stats["sources"].values())
    return sum(sum(part["dropped"].values()) for part in parts)


def test_twenty_runs_in_random_task_order_are_equal_and_drop_nothing() -> None:
    digests = set()
    for seed in range(RUNS):
        result = run_graph(FORK, shuffled=seed)
        assert result.outcome.ok, result.outcome.error
        assert drops(result) == 0
        assert len(result.frames("out")) == len(result.frames("plain")) == FRAMES
        assert result.stats["tickets"]["issued"] == result.stats["tickets"]["settled"] == FRAMES
        digests.add((digest(result.frames("out")), digest(result.frames("plain"))))
    assert len(digests) == 1
