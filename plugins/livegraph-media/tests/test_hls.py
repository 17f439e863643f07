"""Live streams as files: what a player finds, at every moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest
from film_support import heard, write_film
from media_support import built, context, numbered

from livegraph import Frame, InputError, NodeError
from livegraph.testing import run_graph
from livegraph_media import read_frame_number
from livegraph_media.hls import Hls
from livegraph_media.planes import yuv420p_of
from livegraph_media.playlist import gop_s

PERIOD = 40_000_000


def node(path: Path, **params: Any) -> Hls:
    return built(Hls, context("live"), path=str(path), **{"segment": 1.0, "window": 3, "preset": "ultrafast", **params})


def feed(node: Hls, *numbers: int, size: tuple[int, int] = (128, 96)) -> None:
    for number in numbers:
        node.process(video=Frame(number * PERIOD, number, PERIOD, 0, numbered(number, size)))


def segments(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def play(path: Path) -> list[int | None]:
    """What a player shows that opens the playlist now, and has no time to wait for more."""
    moment = path.with_name("moment.m3u8")
    moment.write_text(path.read_text() + "#EXT-X-ENDLIST\n")
    with av.open(str(moment)) as video:
        return [read_frame_number(yuv420p_of(frame)) for frame in video.decode(video=0)]


def test_it_plays_at_every_moment(tmp_path: Path) -> None:
    path, played = tmp_path / "live.m3u8", 0
    hls = node(path)
    for number in range(25 * 8):
        feed(hls, number)
        if not path.exists():
            assert number < 30
            continue
        assert all((tmp_path / segment).stat().st_size > 0 for segment in segments(path))
        if number % 7 == 0:
            numbers = play(path)
            assert numbers == list(range(numbers[0], numbers[0] + 25 * len(segments(path))))
            assert number - numbers[-1] <= 26
            played += 1
    hls.teardown()
    assert played > 20


def test_old_segments_are_deleted(tmp_path: Path) -> None:
    path = tmp_path / "live.m3u8"
    hls = node(path)
    for second in range(15):
        feed(hls, *range(25 * second, 25 * second + 25))
        assert len(list(tmp_path.glob("*.ts"))) <= 3 + 4
    hls.teardown()
    assert len(segments(path)) == 3
    assert path.read_text().endswith("#EXT-X-ENDLIST\n")


def test_all_are_kept_where_no_window_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "{name}" / "film.m3u8"
    hls = node(path, window=0)
    feed(hls, *range(120))
    hls.teardown()
    made = tmp_path / "node" / "film.m3u8"
    assert len(segments(made)) == 5
    with av.open(str(made)) as video:
        assert [read_frame_number(yuv420p_of(frame)) for frame in video.decode(video=0)] == list(range(120))
    with pytest.raises(InputError, match=r"is there already: put \{time\} into the path"):
        node(path, window=0)


def test_there_is_a_silent_track(tmp_path: Path) -> None:
    hls = node(tmp_path / "live.m3u8", window=0)
    feed(hls, *range(100))
    hls.teardown()
    with av.open(str(tmp_path / "live.m3u8")) as video:
        samples = sum(frame.samples for frame in video.decode(audio=0))
    assert samples / 48_000 == pytest.approx(4, abs=0.1)


def test_a_node_that_is_restarted_continues_the_numbers_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "live.m3u8"
    other = tmp_path / "film-12.mp4"
    other.write_text("somebody else's")
    numbers = []
    for _ in range(2):
        hls = node(path)
        assert not path.exists()
        assert not list(tmp_path.glob("*.ts"))
        feed(hls, *range(30))
        numbers.append(int(segments(path)[0].removeprefix("live-").removesuffix(".ts")))
        hls.teardown()
    assert numbers[1] >= numbers[0]
    assert other.exists()


@pytest.mark.parametrize(("segment", "gop"), [(1, 1), (2, 2), (3, 1.5), (5, 5 / 3), (30, 2)])
def test_keyframes_fall_on_the_beginnings_of_segments_and_are_two_seconds_apart_at_most(
    segment: float, gop: float
) -> None:
    assert gop_s(segment) == pytest.approx(gop)


def test_pictures_of_another_size_are_letterboxed_and_said(tmp_path: Path) -> None:
    hls = node(tmp_path / "live.m3u8", window=0)
    feed(hls, *range(5), size=(129, 96))
    feed(hls, *range(5, 9), size=(256, 96))
    hls.teardown()
    assert hls.ctx.said == [  # type: ignore[attr-defined]
        "writing 129x96 as 130x96: its odd edge is there twice",
        "pictures are now 256x96: written at 130x96 as before",
    ]


@pytest.mark.parametrize(("path", "told"), [("x.mp4", r"must end in \.m3u8"), ("%d/x.m3u8", "number of the segment")])
def test_a_path_that_cannot_work_is_refused(tmp_path: Path, path: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        node(tmp_path / path)


def test_a_folder_that_vanishes_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "www"
    hls = node(folder / "live.m3u8")
    folder.rmdir()
    with pytest.raises(NodeError, match=r"cannot write .*live\.m3u8: No such file"):
        feed(hls, *range(60))
    hls.teardown()


def test_without_pictures_nothing_is_written(tmp_path: Path) -> None:
    node(tmp_path / "live.m3u8").teardown()
    assert list(tmp_path.iterdir()) == []


def test_the_sound_of_a_film_is_in_step(tmp_path: Path) -> None:
    film = write_film(tmp_path / "x.mp4", 4, (10, 30, 60, 80), rate=44_100)
    nodes = {
        "clip": {"use": "media.file", "params": {"path": str(film)}},
        "hls": {
            "use": "media.hls",
            "in": {"video": "clip", "audio": "clip.audio"},
            "params": {"path": str(tmp_path / "live.m3u8"), "segment": 1, "window": 0},
        },
    }
    result = run_graph({"livegraph": 1, "nodes": nodes})
    assert result.outcome.ok, result.outcome.error
    white, clicks, _ = heard(tmp_path / "live.m3u8")
    assert len(white) == 4
    assert clicks == pytest.approx(white, abs=1024 / 48_000)
