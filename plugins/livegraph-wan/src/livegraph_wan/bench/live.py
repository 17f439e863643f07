"""Part `live`: cam2wan live, with a drawn scene for a camera and nothing to show it on."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from livegraph import Figure, InputError, Progress
from livegraph_wan.bench.case import case_of
from livegraph_wan.bench.options import Asked

SECONDS = 20
CAMERA_FPS = 60
SAME = 0.25
"""Mean difference, in levels, up to which two decoded pictures count as one: what the encoder alone changes."""
_NEEDS = {"livegraph_media": "livegraph-media", "livegraph_vision": "livegraph-vision", "av": "av"}


class Take(NamedTuple):
    """What a run left: its statistics, and how many pictures of its recording differ from the one before."""

    stats: dict[str, Any]
    distinct: int


def measure(asked: Asked, quick: bool) -> Iterator[Figure | Progress]:
    """The pipeline cam2wan for 20 s once everything is warm: a scene at 60 frames a second in the size that the model
    prefers -> wan.v2v with wan-nano, on the device that it chooses -> blend -> a recording. Rate: pictures in the
    recording that differ from the one before, over the length of the run. Age p95: from capture until the recording has
    the picture, over the whole run.
    """
    refuse_without()
    case, seconds = case_of(Asked()), 5 if quick else SECONDS
    yield Progress(f"cam2wan for {seconds} s")
    stats, distinct = _run(seconds)
    wan = stats["nodes"]["wan"]["process_ms"]
    note = f"{wan['p50']:.0f} ms per chunk of four, p50; {wan['p95']:.0f} ms p95"
    rate, name = distinct / stats["duration_s"], f"cam2wan from {CAMERA_FPS} frames/s, distinct pictures"
    detail = {f"chunk_{share}_ms": wan[share] for share in ("p50", "p95")}
    yield case.figure("live", name, rate, "frames/s", bar=25, at_most=False, note=note, detail=detail)
    yield case.figure("live", "cam2wan, age p95", stats["sinks"]["record"]["age_ms"]["p95"], "ms", bar=450)


def refuse_without() -> None:
    """Raises `InputError` where the pipeline could not run."""
    for module, package in _NEEDS.items():
        if find_spec(module) is None:
            raise InputError(f"it needs {package}, which is not installed: pip install {package}")


def _run(seconds: int) -> Take:
    with tempfile.TemporaryDirectory() as folder:
        film, stats = Path(folder) / "film.mp4", Path(folder) / "stats.json"
        settings = ["--set", f"camera.fps={CAMERA_FPS}", "--set", f"record.path={film}", "--set", "wan.model=wan-nano"]
        command = ["run", "cam2wan", "--quiet", "--duration", f"{seconds}s", "--stats", str(stats), *settings]
        ended = subprocess.run([sys.executable, "-m", "livegraph", *command], capture_output=True, text=True)
        if ended.returncode:
            raise InputError(f"the graph failed: {ended.stderr.strip()[-400:]}")
        return Take(json.loads(stats.read_text(encoding="utf-8")), distinct_pictures(film))


def distinct_pictures(film: Path) -> int:
    """Pictures of a film that differ from the one before them."""
    import av

    count, before = 0, None
    with av.open(str(film)) as container:
        for frame in container.decode(video=0):
            picture = frame.to_ndarray(format="gray").astype(np.float32)
            if before is None or np.abs(picture - before).mean() > SAME:
                count += 1
            before = picture
    return count
