"""Every graph in `graphs/` runs, as a person would run it: no camera, no display."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

GRAPHS = Path(__file__).parents[2] / "graphs"


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment["OSC_PORT"] = "0"  # any: another test may have the usual one
    command = [sys.executable, "-m", "livegraph", "run", *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(process: subprocess.Popen[str], folder: Path) -> dict[str, Any]:
    text, _ = process.communicate(timeout=90)
    assert process.returncode == 0, text
    assert "Traceback" not in text
    stats: dict[str, Any] = json.loads((folder / "stats.json").read_text())
    assert stats["tickets"]["issued"] == stats["tickets"]["settled"]
    return stats


def frames_in(path: Path) -> int:
    import av

    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


PULLED = ("text2wan", "still2wan")
"""These take a model that has to be pulled."""
SETS = {"browser2wan": ("--set", "camera.fallback=bars")}
"""Where nobody sends, colour bars: there is no browser in this test."""


@pytest.mark.parametrize("name", sorted(path.stem for path in GRAPHS.glob("*.yaml") if path.stem not in PULLED))
def test_a_graph_runs(name: str, tmp_path: Path) -> None:
    process = start(
        tmp_path, str(GRAPHS / f"{name}.yaml"), "--duration", "3s", "--stats", "stats.json", *SETS.get(name, ())
    )
    stats = finish(process, tmp_path)
    assert all(sink["frames"] > 5 for sink in stats["sinks"].values()), stats["sinks"]
    recorded = list((tmp_path / "out").glob("*.mp4")) if (tmp_path / "out").exists() else []
    for path in recorded:
        assert frames_in(path) > 5
    assert bool(recorded) == any(node["type"] == "media.record" for node in stats["nodes"].values())


@pytest.mark.parametrize("name", PULLED)
def test_a_graph_whose_model_was_not_pulled_says_how_to_get_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEGRAPH_MODELS_DIR", str(tmp_path / "models"))
    process = start(tmp_path, str(GRAPHS / f"{name}.yaml"), "--duration", "1s")
    text, _ = process.communicate(timeout=90)
    assert process.returncode == 2, text
    assert f"{name}.yaml" in text
    assert "livegraph models pull self-forcing-1.3b" in " ".join(text.split())
    assert "Traceback" not in text


@pytest.mark.parametrize("preset", ["fast", "balanced", "quality"])
def test_the_presets_of_cam2wan_run(preset: str, tmp_path: Path) -> None:
    graph = str(GRAPHS / "cam2wan.yaml")
    stats = finish(start(tmp_path, graph, "--preset", preset, "--duration", "2s", "--stats", "stats.json"), tmp_path)
    assert stats["sinks"]["record"]["frames"] > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_with_a_playable_recording(number: signal.Signals, tmp_path: Path) -> None:
    process = start(tmp_path, str(GRAPHS / "cam2edges.yaml"), "--stats", "stats.json")
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("out/*.mp4")) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1.5)
    process.send_signal(number)
    finish(process, tmp_path)
    (path,) = tmp_path.glob("out/*.mp4")
    assert frames_in(path) > 5
