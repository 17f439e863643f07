"""SIGKILL while recording: all but the last half second plays."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest

from livegraph_media import read_frame_number
from livegraph_media.planes import yuv420p_of

RECORDING = """
import sys, time
sys.path.insert(0, sys.argv[3])
from media_support import built, numbered
from livegraph import Frame
from livegraph_media.record import Record

fps = float(sys.argv[2])
node = built(Record, path=sys.argv[1])
node.process(video=Frame(0, 0, round(1e9 / fps), 0, numbered(0)))
begin = time.monotonic()
print(0, flush=True)
for index in range(1, 100_000):
    time.sleep(max(0, begin + index / fps - time.monotonic()))
    node.process(video=Frame(round(index * 1e9 / fps), index, round(1e9 / fps), 0, numbered(index)))
    print(index, flush=True)
"""


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
@pytest.mark.parametrize(("fps", "kill_after"), [(8, 2.57), (12, 2.31), (30, 2.13)])
def test_all_but_the_last_half_second_survives(tmp_path: Path, extension: str, fps: int, kill_after: float) -> None:
    path = tmp_path / f"x.{extension}"
    command = [sys.executable, "-c", RECORDING, str(path), str(fps), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as recording:
        assert recording.stdout is not None
        assert recording.stdout.readline() == "0\n"
        time.sleep(kill_after)
        recording.kill()
        written = int(recording.stdout.read().split()[-1]) + 1
    assert recording.returncode == -signal.SIGKILL
    with av.open(str(path)) as video:
        kept = [read_frame_number(yuv420p_of(frame)) for frame in video.decode(video=0)]
    assert kept == list(range(len(kept)))
    assert (written - len(kept)) / fps <= 0.5
    assert len(kept) > fps
