import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from media_support import built, context, numbered, read_all

from livegraph import Frame, InputError, NodeError, Yuv420p
from livegraph_media import read_frame_number
from livegraph_media.convert import rgb24_to_gray8, rgb24_to_yuv420p
from livegraph_media.file import File
from livegraph_media.planes import is_full_range, matrix_of, views, yuv420p_of
from livegraph_media.record import Record

PERIOD = 40_000_000


def record(path: Path, pictures, *, times=None, end_ns: int = 0, ctx=None, duration_ns: int = PERIOD, **params):
    """Record pictures at `times` (default: 25 fps); what was said comes back."""
    ctx = ctx or context()
    node = built(Record, ctx, path=str(path), **params)
    try:
        for index, picture in enumerate(pictures):
            pts_ns = times[index] if times else index * PERIOD
            node.process(video=Frame(pts_ns, index, duration_ns, 0, picture))
        ctx.end_pts_ns = end_ns
    finally:
        node.teardown()
    return ctx.said


def play(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as video:
        return list(video.decode(video=0))


def seconds(frames: list[av.VideoFrame]) -> list[float]:
    return [float(frame.pts * frame.time_base) for frame in frames]


@pytest.mark.parametrize("extension", ["mp4", "m4v", "mov", "mkv"])
def test_every_frame_is_kept_in_every_container(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"x.{extension}"
    said = record(path, [numbered(n) for n in range(30)])
    frames = play(path)
    assert [read_frame_number(yuv420p_of(frame)) for frame in frames] == list(range(30))
    assert seconds(frames) == pytest.approx([n * 0.04 for n in range(30)], abs=0.001)
    assert said == [f"recorded {path}, 30 frames, 1.2 s"]


def test_times_are_the_frames_own_from_the_first_on(tmp_path: Path) -> None:
    times = [5_000_000_000 + each for each in (0, 33_366_667, 500_000_000, 510_000_000, 2_000_000_000)]
    record(tmp_path / "x.mp4", [numbered(n) for n in range(5)], times=times)
    expected = [0, 0.033366667, 0.5, 0.51, 2.0]
    assert seconds(play(tmp_path / "x.mp4")) == pytest.approx(expected, abs=1 / 60_000)


def test_times_closer_than_a_tick_still_rise(tmp_path: Path) -> None:
    record(tmp_path / "x.mp4", [numbered(n) for n in range(4)], times=[0, 10, 20, 30])
    ticks = [frame.pts for frame in play(tmp_path / "x.mp4")]
    assert len(set(ticks)) == 4


@pytest.mark.parametrize(("end_ns", "length"), [(0, 0.40), (1_500_000_000, 1.5), (200_000_000, 0.40)])
@pytest.mark.parametrize("extension", ["mp4", "mkv"])
def test_the_last_picture_stays_until_the_end(tmp_path: Path, end_ns: int, length: float, extension: str) -> None:
    path = tmp_path / f"x.{extension}"
    record(path, [numbered(n) for n in range(10)], end_ns=end_ns)
    with av.open(str(path)) as video:
        assert video.duration / av.time_base == pytest.approx(length, abs=0.002)


def test_keyframes_come_every_two_seconds_of_time(tmp_path: Path) -> None:
    times = [n * 250_000_000 for n in range(33)]
    record(tmp_path / "x.mp4", [numbered(0)] * 33, times=times)
    frames = play(tmp_path / "x.mp4")
    keys = [second for frame, second in zip(frames, seconds(frames), strict=True) if frame.key_frame]
    assert keys == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("make", [rgb24_to_yuv420p, rgb24_to_gray8, np.copy])
def test_every_pixel_format_is_taken(tmp_path: Path, make) -> None:
    record(tmp_path / "x.mp4", [make(numbered(77))], crf=10)
    (frame,) = play(tmp_path / "x.mp4")
    assert read_frame_number(yuv420p_of(frame)) == 77
    expected = rgb24_to_yuv420p(numbered(77))
    assert np.abs(views(frame)[0].astype(int) - expected.y).mean() < 2


def test_what_is_not_a_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no picture"):
        record(tmp_path / "x.mp4", [np.zeros((8, 8), np.float32)])


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("full", [False, True])
def test_matrix_and_range_are_written_into_the_file(tmp_path: Path, matrix: str, full: bool) -> None:
    y, u, v = np.full((96, 128), 200, np.uint8), np.full((48, 64), 90, np.uint8), np.full((48, 64), 160, np.uint8)
    record(tmp_path / "x.mp4", [Yuv420p(y, u, v, matrix, full)] * 3)
    frame = play(tmp_path / "x.mp4")[0]
    assert (matrix_of(frame), is_full_range(frame)) == (matrix, full)
    assert [int(np.median(plane)) for plane in views(frame)] == pytest.approx([200, 90, 160], abs=2)


def test_a_change_of_range_midway_keeps_the_picture(tmp_path: Path) -> None:
    limited = rgb24_to_yuv420p(np.full((96, 128, 3), 128, np.uint8))
    neutral = np.full((48, 64), 128, np.uint8)
    full = Yuv420p(np.full((96, 128), 128, np.uint8), neutral, neutral, "bt709", True)
    record(tmp_path / "x.mp4", [limited, full])
    first, second = (float(views(frame)[0].mean()) for frame in play(tmp_path / "x.mp4"))
    assert second == pytest.approx(first, abs=2)


def test_an_odd_edge_is_kept_and_said(tmp_path: Path) -> None:
    pictures = [numbered(n, (131, 97)) for n in range(3)]
    for picture in pictures:
        picture[:, -1] = 255
    said = record(tmp_path / "x.mp4", pictures, crf=1)
    frames = play(tmp_path / "x.mp4")
    assert {(frame.width, frame.height) for frame in frames} == {(132, 98)}
    assert views(frames[0])[0][:90, -2:].min() > 220
    assert said[0] == "recording 131x97 as 132x98: its odd edge is there twice"


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (1921, 3)])
def test_a_picture_of_any_size_can_be_recorded(tmp_path: Path, size: tuple[int, int]) -> None:
    record(tmp_path / "x.mp4", [np.full((size[1], size[0], 3), 200, np.uint8)] * 3)
    assert len(play(tmp_path / "x.mp4")) == 3


def test_another_size_midway_is_letterboxed_and_said_once(tmp_path: Path) -> None:
    white = np.full((96, 128, 3), 255, np.uint8)
    tall = np.full((200, 100, 3), 255, np.uint8)
    said = record(tmp_path / "x.mp4", [white, tall, tall, white], crf=10)
    frames = play(tmp_path / "x.mp4")
    assert {(frame.width, frame.height) for frame in frames} == {(128, 96)}
    luma = views(frames[1])[0]
    assert luma[:, 58:68].min() > 220
    assert luma[:, :30].max() < 30
    assert [line for line in said if "are now" in line] == ["pictures are now 100x200: recorded at 128x96 as before"]


def test_names_in_the_path_are_filled_in_and_folders_made(tmp_path: Path) -> None:
    record(tmp_path / "a" / "b" / "{name}-{time}.mp4", [numbered(1)])
    record(tmp_path / "a" / "b" / "{name}-{time}.mp4", [numbered(1)])
    made = sorted((tmp_path / "a" / "b").iterdir())
    assert len(made) == 2
    assert all(path.name.startswith("node-2") for path in made)


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"precious")
    with pytest.raises(InputError, match=r"is there already: put \{time\} into the path, or set overwrite: true"):
        record(path, [numbered(1)])
    assert path.read_bytes() == b"precious"
    record(path, [numbered(1)], overwrite=True)
    assert len(play(path)) == 1


def test_without_frames_no_file_stays(tmp_path: Path) -> None:
    said = record(tmp_path / "x.mp4", [])
    assert not list(tmp_path.iterdir())
    assert said == [f"nothing came to record: {tmp_path / 'x.mp4'} was not made"]


@pytest.mark.parametrize(
    ("path", "message"),
    [("x.avi", r"must end in .mp4, .m4v, .mov or .mkv"), ("file/x.mp4", "in the way"), ("folder.mp4", "in the way")],
)
def test_a_path_that_cannot_work_is_told_before_the_first_frame(tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(InputError, match=message):
        built(Record, path=str(tmp_path / path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="not permitted"):
        built(Record, path=str(tmp_path / "x.mp4"))


def test_an_encoder_that_does_not_work_is_named_with_its_reason(tmp_path: Path) -> None:
    missing = "h264_videotoolbox" if sys.platform != "darwin" else "h264_nvenc"
    with pytest.raises(InputError, match=rf"{missing}.*try `codec: auto`"):
        record(tmp_path / "x.mp4", [numbered(1)], codec=missing)
    assert not list(tmp_path.iterdir())
    node = built(Record, path=str(tmp_path / "y.mp4"), codec=missing)
    with pytest.raises(InputError, match=missing):
        node.warm_up()
    node.teardown()


def test_mpeg4_is_the_last_resort(tmp_path: Path) -> None:
    record(tmp_path / "x.mp4", [numbered(n) for n in range(5)], codec="mpeg4")
    assert [read_frame_number(yuv420p_of(frame)) for frame in play(tmp_path / "x.mp4")] == list(range(5))


FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, sys.argv[2])
from media_support import built, context, numbered
from livegraph import Frame, NodeError
from livegraph_media.record import Record
import numpy as np
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
ctx = context()
node = built(Record, ctx, path=sys.argv[1], crf=5)
rng = np.random.default_rng(0)
for index in range(400):
    picture = rng.integers(0, 255, (96, 128, 3), dtype=np.uint8)
    picture[-4:] = numbered(index)[-4:]
    try:
        node.process(video=Frame(index * 40_000_000, index, 40_000_000, 0, picture))
    except NodeError as error:
        print(index, type(error).__name__, error)
        break
node.teardown()
print(ctx.said)
"""


@pytest.mark.parametrize("extension", ["mp4", "mkv"])
def test_a_full_disk_is_told_and_what_was_recorded_plays(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"x.{extension}"
    command = [sys.executable, "-c", FULL_DISK, str(path), str(Path(__file__).parent)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    count, kind = told.split()[:2]
    assert kind == "InputError"
    assert f"cannot write {path}" in told
    assert "could not be finished" in told
    numbers = [read_frame_number(frame.data) for frame in read_all(built(File, path=str(path)))]
    assert numbers == list(range(len(numbers)))
    assert int(count) - len(numbers) <= 15


def test_a_closed_recording_reports_and_does_not_raise(tmp_path: Path) -> None:
    node = built(Record, path=str(tmp_path / "x.mp4"))
    node.process(video=Frame(0, 0, PERIOD, 0, numbered(0)))
    node.teardown()
    node.teardown()


def test_recording_an_open_error_is_a_node_error(tmp_path: Path) -> None:
    node = built(Record, path=str(tmp_path / "x.mp4"))
    (tmp_path / "x.mp4").unlink()
    (tmp_path / "x.mp4").mkdir()
    with pytest.raises(NodeError, match=r"cannot write .*x\.mp4"):
        node.process(video=Frame(0, 0, PERIOD, 0, numbered(0)))
