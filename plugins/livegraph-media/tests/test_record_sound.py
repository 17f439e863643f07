import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from film_support import FPS, PERIOD_NS, clicking, heard, write_film
from media_support import built, context, numbered, write_video

from livegraph import Frame
from livegraph.testing import run_graph
from livegraph_media.record import Record

BLOCK_S = 1024 / 48_000


def films(path: Path, target: Path, *, live: bool, between: dict[str, Any] | None = None) -> dict[str, Any]:
    nodes = {
        "clip": {"use": "media.file", "params": {"path": str(path), "live": live}},
        **(between or {}),
        "record": {
            "use": "media.record",
            "in": {"video": "model" if between else "clip", "audio": "clip.audio"},
            "params": {"path": str(target)},
        },
    }
    return {"livegraph": 1, "nodes": nodes}


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
@pytest.mark.parametrize("rate", [48_000, 44_100])
@pytest.mark.parametrize("live", [False, True])
def test_flash_and_click_stay_one(tmp_path: Path, live: bool, rate: int, extension: str) -> None:
    target = tmp_path / f"out.{extension}"
    film = write_film(tmp_path / "x.mp4", 3, (10, 30, 60), rate=rate)
    result = run_graph(films(film, target, live=live))
    assert result.outcome.ok, result.outcome.error
    white, clicks, end = heard(target)
    assert len(white) == 3
    assert clicks == pytest.approx(white, abs=BLOCK_S)
    assert end == pytest.approx(3, abs=0.06)


def test_two_runs_give_one_file(tmp_path: Path) -> None:
    film = write_film(tmp_path / "x.mp4", 3, (10, 30, 60))
    made = []
    for name in ("1.mp4", "2.mp4"):
        assert run_graph(films(film, tmp_path / name, live=False)).outcome.ok
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


def record(path: Path, *, sound: bool = True, lag: int = 0, hole: range = range(0), **params: Any) -> None:
    """4 s with a flash and a click at 1, 2 and 3 s; sound comes `lag` pictures before; blocks in `hole` are lost."""
    node = built(Record, context(wired={"video", "audio"}), path=str(path), **params)
    samples = clicking(4, 48_000, 2, (1, 2, 3))
    for index in range(4 * FPS + lag):
        if index < 4 * FPS and index not in hole and sound:
            block = samples[index * 1920 : (index + 1) * 1920]
            node.process(video=None, audio=Frame(10**9 + index * PERIOD_NS, data=block, meta={"rate": 48_000}))
        if (number := index - lag) >= 0:
            picture = np.full((48, 64, 3), 255 if number in (25, 50, 75) else 16, np.uint8)
            node.process(video=Frame(10**9 + number * PERIOD_NS, 0, PERIOD_NS, 0, picture), audio=None)
    node.teardown()


@pytest.mark.parametrize("lag", [0, 20])
def test_pictures_may_lag_behind_a_model(tmp_path: Path, lag: int) -> None:
    record(tmp_path / "x.mp4", lag=lag)
    white, clicks, end = heard(tmp_path / "x.mp4")
    assert (white, end) == ([1, 2, 3], pytest.approx(4, abs=0.03))
    assert clicks == pytest.approx(white, abs=0.002)


def test_a_hole_becomes_silence(tmp_path: Path) -> None:
    record(tmp_path / "x.mkv", hole=range(40, 60))
    white, clicks, end = heard(tmp_path / "x.mkv")
    assert (white, end) == ([1, 2, 3], pytest.approx(4, abs=0.03))
    assert clicks == pytest.approx([1, 3], abs=0.002)


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
def test_sound_that_never_comes_holds_nothing_back(tmp_path: Path, extension: str) -> None:
    node = built(Record, context(wired={"video", "audio"}), path=str(tmp_path / f"x.{extension}"))
    for index in range(50):
        picture = np.random.default_rng(index).integers(0, 255, (48, 64, 3), np.uint8)
        node.process(video=Frame(index * PERIOD_NS, 0, PERIOD_NS, 0, picture), audio=None)
    with av.open(str(tmp_path / f"x.{extension}")) as video:
        kept = sum(1 for _ in video.decode(video=0))
    node.teardown()
    assert 50 - kept <= FPS // 2


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
def test_of_a_long_hole_only_the_beginning_is_encoded(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"x.{extension}"
    node = built(Record, context(wired={"video", "audio"}), path=str(path))
    click = clicking(0.04, 48_000, 1, (0.03,))
    for second in (0, 1, 600):
        picture = np.full((48, 64, 3), 255, np.uint8)
        sound = Frame(second * 10**9, data=click, meta={"rate": 48_000})
        node.process(video=Frame(second * 10**9, 0, PERIOD_NS, 0, picture), audio=sound)
    node.teardown()
    white, clicks, _ = heard(path)
    assert white == pytest.approx([0, 1, 600], abs=0.001)
    assert clicks == pytest.approx([each + 0.03 for each in white], abs=0.003)
    with av.open(str(path)) as video:
        assert sum(1 for _ in video.demux(audio=0)) < 250


RECORDING = """
import sys, time
sys.path.insert(0, sys.argv[2])
from media_support import built, context, numbered
from film_support import clicking
from livegraph import Frame
from livegraph_media.record import Record
node = built(Record, context("live", wired={"video", "audio"}), path=sys.argv[1])
sound, begin = clicking(10, 48_000, 2, range(10)), time.monotonic()
for index in range(250):
    time.sleep(max(0, begin + index / 25 - time.monotonic()))
    block = sound[index * 1920 : (index + 1) * 1920]
    pts = index * 40_000_000
    sounding = Frame(pts, data=block, meta={"rate": 48_000})
    node.process(video=Frame(pts, 0, 40_000_000, 0, numbered(index)), audio=sounding)
    print(index, flush=True)
"""


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
def test_after_sigkill_both_play_up_to_the_last_half_second(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"x.{extension}"
    command = [sys.executable, "-c", RECORDING, str(path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as recording:
        assert recording.stdout is not None
        recording.stdout.readline()
        time.sleep(2.6)
        recording.kill()
        given = int(recording.stdout.read().split()[-1]) + 1
    with av.open(str(path)) as video:
        pictures = sum(1 for _ in video.decode(video=0))
    _, clicks, end = heard(path)
    assert given / FPS - pictures / FPS <= 0.5
    assert given / FPS - end <= 0.5
    assert clicks[-2:] == pytest.approx([1, 2], abs=0.002)


@pytest.mark.parametrize("sound_s", [2.0, 0.0])
@pytest.mark.parametrize("live", [False, True])
def test_pictures_pass_though_the_sound_ends_before_them(tmp_path: Path, live: bool, sound_s: float) -> None:
    film, target = tmp_path / "x.mp4", tmp_path / "out.mp4"
    if sound_s:
        write_film(film, 4, (10, 30, 60, 90), sound_s=sound_s)
    else:
        write_video(film, [numbered(n, (64, 48)) for n in range(4 * FPS)], fps=FPS)
    result = run_graph(films(film, target, live=live))
    assert result.outcome.ok, result.outcome.error
    with av.open(str(target)) as video:
        assert sum(1 for _ in video.decode(video=0)) == 4 * FPS
    for name in ("clip.out->record.video", "clip.audio->record.audio"):
        assert result.outcome.stats["edges"][name]["high_water"] <= 8
    if sound_s:
        white, clicks, _ = heard(target)
        assert len(white) == 4
        assert clicks == pytest.approx(white[:2], abs=BLOCK_S)
