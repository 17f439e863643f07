"""The bench `wan`: cam2wan with a drawn scene for a camera, and nothing to show it on."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from livegraph import Figure, InputError

SECONDS = 20
CAMERA_FPS = 30
GRAPH = {
    "livegraph": 1,
    "name": "wan-bench",
    "mode": "live",
    "nodes": {
        "camera": {"use": "media.pattern", "params": {"fps": CAMERA_FPS}},
        "wan": {"use": "wan.v2v", "in": "camera"},
        "blend": {"use": "vision.temporal_blend", "in": {"video": "wan"}, "params": {"ratio": 0.3}},
        "sink": {"use": "media.null", "in": "blend"},
    },
}
_NEEDS = ("livegraph_media", "livegraph_vision")


def measure(quick: bool) -> Iterator[Figure]:
    """A live run of 20 s once everything is warm: a scene at 30 frames a second, in the size that the model prefers ->
    wan.v2v as it is by default, on the device that it chooses -> blend -> a sink that does nothing. Rate: frames at the
    sink over the length of the run. Age p95: from capture to the end of the sink's call, over the whole run.
    """
    for module in _NEEDS:
        if find_spec(module) is None:
            raise InputError(f"it needs {module.replace('_', '-')}, which is not installed")
    stats = _run(5 if quick else SECONDS)
    sink, wan = stats["sinks"]["sink"], stats["nodes"]["wan"]["process_ms"]
    note = f"{wan['p50']:.0f} ms per chunk of four, p50"
    yield Figure(f"cam2wan from {CAMERA_FPS} frames/s, rate", sink["fps"], "frames/s", 24, False, note)
    yield Figure("cam2wan, age p95", sink["age_ms"]["p95"], "ms", 450)


def _run(seconds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        graph, stats = Path(folder) / "graph.yaml", Path(folder) / "stats.json"
        graph.write_text(json.dumps(GRAPH), encoding="utf-8")
        command = ["run", str(graph), "--quiet", "--duration", f"{seconds}s", "--stats", str(stats)]
        ended = subprocess.run([sys.executable, "-m", "livegraph", *command], capture_output=True, text=True)
        if ended.returncode:
            raise InputError(f"the graph failed: {ended.stderr.strip()[-400:]}")
        document: dict[str, Any] = json.loads(stats.read_text(encoding="utf-8"))
        return document
