"""A camera that vanishes and returns, in a running graph."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import av
import pytest
from av.container import InputContainer

from livegraph import NodeSpec, hookimpl
from livegraph.testing import run_graph
from livegraph_media.camera import Camera
from livegraph_media.devices import NoCamera


class Scripted:
    """A device played by a real container: there for a second, away for two, and back. `returned`: when that was."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.opened = 0
        self.returned = 0.0

    def __call__(self, device: str, size: object, fps: object) -> InputContainer:
        now = time.monotonic()
        if self.opened and now - self.began < 3.0:
            raise NoCamera("unplugged")
        self.opened += 1
        self.began = now if self.opened == 1 else self.began
        self.returned = now
        limit = ":duration=1" if self.opened == 1 else ""
        return av.open(f"testsrc=size=128x96:rate=30{limit},realtime", format="lavfi")


class Plugin:
    livegraph_api = "1"

    def __init__(self, script: Scripted) -> None:
        self.camera = type("ScriptedCamera", (Camera,), {"opener": staticmethod(script)})

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("scripted.camera", self.camera)]


def test_the_picture_is_back_within_two_seconds_and_times_rise(tmp_path: Path) -> None:
    script = Scripted()
    nodes = {
        "camera": {"use": "scripted.camera"},
        "edges": {"use": "vision.soft_edge", "in": "camera"},
        "record": {"use": "media.record", "in": "edges", "params": {"path": str(tmp_path / "out.mkv")}},
        "out": {"use": "test.collect", "in": "edges"},
    }
    document = {"livegraph": 1, "name": "camera", "mode": "live", "nodes": nodes}
    result = run_graph(document, plugins=[Plugin(script)], duration_s=6.0)
    assert result.outcome.ok, result.outcome.error
    shown = result.kept["out"]
    assert all(a.pts_ns < b.pts_ns for (a, _), (b, _) in pairwise(shown))
    back = next(when for frame, when in shown if frame.discontinuity)
    assert back / 1e9 - script.returned < 2.0
    away = max(b - a for (_, a), (_, b) in pairwise(shown)) / 1e9
    assert 1.5 < away < 5.0
    with av.open(str(tmp_path / "out.mkv")) as film:
        times = [frame.time for frame in film.decode(video=0)]
    assert times[-1] - times[0] == pytest.approx((shown[-1][0].pts_ns - shown[0][0].pts_ns) / 1e9, abs=0.5)
