"""The three ways to make the same film, each a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from livegraph import InputError
from livegraph_media.bench.loop import HIGH, LOW, RATIO

Side = Callable[[Path, Path], float]
"""From a source file to a target file; returns the seconds that it took."""


def graph(source: Path, target: Path) -> float:
    """`livegraph run`, offline: seconds from the first frame asked for to the closed file, as its statistics say. What
    nodes import and open before is not in it, as it is not in `loop`; making the encoder is in both.
    """
    folder = target.parent
    stats, file = folder / "stats.json", folder / "graph.yaml"
    file.write_text(json.dumps(document(source, target)), encoding="utf-8")
    _run([sys.executable, "-m", "livegraph", "run", str(file), "--quiet", "--stats", str(stats)])
    return float(json.loads(stats.read_text(encoding="utf-8"))["duration_s"])


def loop(source: Path, target: Path) -> float:
    """See `livegraph_media.bench.loop`: seconds from the opened source to the closed target, without imports."""
    return float(_run([sys.executable, "-m", "livegraph_media.bench.loop", str(source), str(target)]))


def tuned_loop(source: Path, target: Path) -> float:
    """The same with x264 tuned as `media.record` has it (`zerolatency`: no look-ahead, no B-frames): what is left of
    the difference is not the encoder's.
    """
    module = ["-m", "livegraph_media.bench.loop"]
    return float(_run([sys.executable, *module, str(source), str(target), "zerolatency"]))


def ffmpeg(source: Path, target: Path) -> float:
    """ffmpeg's own filters, with the threads that it chooses: seconds from the start of the process to its end."""
    filters = f"edgedetect=low={LOW / 255:.4f}:high={HIGH / 255:.4f},tmix=frames=2:weights='{RATIO} {1 - RATIO}'"
    encoder = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p"]
    began = time.perf_counter()
    _run(["ffmpeg", "-v", "error", "-y", "-i", str(source), "-vf", filters, *encoder, str(target)])
    return time.perf_counter() - began


def sides() -> Mapping[str, Side]:
    """Those that can run here, in the order in which they take turns."""
    return {
        "graph": graph,
        "loop": loop,
        "tuned loop": tuned_loop,
        **({"ffmpeg": ffmpeg} if shutil.which("ffmpeg") else {}),
    }


def document(source: Path, target: Path) -> dict[str, Any]:
    """The graph, as its file says it."""
    blend = {"ratio": RATIO, "mode": "pair"}
    record = {"path": str(target), "codec": "libx264", "preset": "veryfast", "crf": 23, "overwrite": True}
    return {
        "livegraph": 1,
        "mode": "offline",
        "nodes": {
            "film": {"use": "media.file", "params": {"path": str(source)}},
            "edges": {"use": "vision.canny", "in": "film", "params": {"low": LOW, "high": HIGH}},
            "blend": {"use": "vision.temporal_blend", "in": {"video": "edges"}, "params": blend},
            "record": {"use": "media.record", "in": "blend", "params": record},
        },
    }


def _run(command: Sequence[str]) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise InputError(f"{Path(command[0]).name} ended with {ended.returncode}: {ended.stderr.strip()[-400:]}")
    return ended.stdout
