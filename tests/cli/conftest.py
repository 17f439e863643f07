from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from livegraph.cli.main import run
from livegraph.registry import registry
from livegraph.testing import ScriptedPlugin, temporary_plugin

STATS: dict[str, Any] = {
    "graph": "cam2wan",
    "mode": "live",
    "duration_s": 12.3,
    "machine": {"cpu_percent": 161.0, "rss_mb": 812.4, "gpu": []},
    "sources": {
        "camera": {"offered": 369, "admitted": 99, "credits": 2, "in_work": 1, "dropped": {"gate": 270}},
    },
    "nodes": {
        "camera": {"type": "media.camera", "state": "running", "frames_in": 369, "frames_out": 99, "gaps": 0}
        | {"errors": 0, "restarts": 0, "fps": 8.1, "process_ms": {"p50": 0.4, "p95": 0.9, "p99": 1.2}}
        | {"dropped": {"gate": 270}},
        "wan": {"type": "wan.v2v", "state": "running", "frames_in": 99, "frames_out": 97, "gaps": 0}
        | {"errors": 2, "restarts": 1, "fps": 8.05, "process_ms": {"p50": 118.2, "p95": 131.0, "p99": 140.1}}
        | {"dropped": {"error": 2}},
        "record": {"type": "media.record", "state": "running", "frames_in": 90, "frames_out": 0, "gaps": 0}
        | {"errors": 0, "restarts": 0, "fps": 7.9, "process_ms": {"p50": 2.1, "p95": 4.0, "p99": 5.5}, "dropped": {}},
    },
    "edges": {
        "camera.out->wan.video": {"policy": "attached", "capacity": 0, "length": 1, "high_water": 2, "dropped": {}},
        "wan.out->record.video": {"policy": "drop_oldest", "capacity": 60, "length": 3, "high_water": 9}
        | {"dropped": {"overflow": 7}},
    },
    "sinks": {"record": {"frames": 90, "fps": 7.9, "age_ms": {"p50": 180.0, "p95": 212.0, "p99": 230.0}}},
    "tickets": {"issued": 99, "settled": 98},
    "bottleneck": "wan",
    "health": "running",
    "notes": ["camera: no camera: using the moving test scene", "record: recorded out/cam2wan.mp4, 90 frames, 12.0 s"],
}

GRAPH = """\
livegraph: 1
name: small
mode: offline
nodes:
  source: {use: test.source, params: {frames: 20, live: false}}
  slow: {use: test.slow, in: source, params: {service_ms: 1}}
  end: {use: test.collect, in: slow}
controls:
  pace: slow.service_ms
presets:
  fast: {pace: 0}
"""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `livegraph ARGS...` in this process."""

    def call(*args: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["livegraph", *map(str, args)])
        monkeypatch.setenv("COLUMNS", "120")
        with pytest.raises(SystemExit) as ended:
            run()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture
def scripted() -> Iterator[ScriptedPlugin]:
    """The `test.*` nodes, as if a plugin with them were installed."""
    plugin = ScriptedPlugin()
    with temporary_plugin(registry(), plugin, "scripted"):
        yield plugin


@pytest.fixture
def graph(tmp_path: Path, scripted: ScriptedPlugin) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(GRAPH)
    return path


@pytest.fixture
def stats() -> dict[str, Any]:
    return deepcopy(STATS)
