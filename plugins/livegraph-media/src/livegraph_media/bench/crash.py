"""The bench `crash`: what SIGKILL takes from a recording."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import livegraph_media.ffmpeg as ffmpeg
from livegraph import Figure
from livegraph_media import read_frame_number
from livegraph_media.planes import yuv420p_of

RATES = (8, 12, 30)
TIMES_EACH = 5
SIZE = "320x240"

RECORDING = """
import sys, time
from livegraph import Context
from livegraph_media.pattern import Pattern
from livegraph_media.record import Record

class Clock:
    def now_ns(self): return time.monotonic_ns()

path, fps, size = sys.argv[1], float(sys.argv[2]), sys.argv[3]
ctx = Context("record", "live", Clock())
scene, record = Pattern(Pattern.Params(size=size, fps=fps), ctx), Record(Record.Params(path=path, overwrite=True), ctx)
scene.setup()
record.setup()
begin = time.monotonic()
for index in range(100_000):
    frame = scene.read()
    time.sleep(max(0, begin + index / fps - time.monotonic()))
    record.process(video=frame)
    print(index, flush=True)
"""


def measure(quick: bool) -> Iterator[Figure]:
    """Recordings of `media.record` in real time, killed by SIGKILL after 2.5 to 3.5 s, five of each kind. Lost: frames
    that the recorder had taken, less those that can be read back, as time of the film; the worst of the five.
    """
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        for extension in ("mp4", "mkv"):
            for fps in RATES:
                path = Path(folder) / f"x.{extension}"
                lost = [lost_frames(path, fps, 2.5 + chance.random()) for _ in range(1 if quick else TIMES_EACH)]
                what = f"{extension} killed at {fps} frames/s: lost"
                yield Figure(what, 1000 * max(lost) / fps, "ms", 500, note=f"frames: {lost}")


def lost_frames(path: Path, fps: int, seconds: float) -> int:
    """Frames given to the recorder before it was killed, less those that can be read back."""
    command = [sys.executable, "-c", RECORDING, str(path), str(fps), SIZE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as recording:
        assert recording.stdout is not None
        recording.stdout.readline()
        time.sleep(seconds)
        recording.kill()
        given = int(recording.stdout.read().split()[-1]) + 1
    with ffmpeg.open_container(str(path)) as video:
        kept = [read_frame_number(yuv420p_of(frame)) for frame in video.decode(video=0)]
    assert kept == list(range(len(kept))), kept
    return given - len(kept)
