"""Files that are damaged, or made to do damage: a clear error of the node's, or as much as can be played."""

from __future__ import annotations

import resource
import struct
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from film_support import write_film
from media_support import built, context, numbered, read_all, write_video

from livegraph import EndOfStream, InputError, size_of
from livegraph.errors import LivegraphError
from livegraph.testing import run_graph
from livegraph_media.file import File
from livegraph_media.images import Images

TRIALS = 60
LARGEST_GROWTH = 600 << 20
"""Bytes: one picture of the largest size that is taken is a tenth of that, for each of a decoder's threads."""


def peak() -> int:
    """The most memory that this process has had, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def write_mjpeg(path: Path, count: int = 8) -> Path:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for index in range(count):
            frame = av.VideoFrame.from_ndarray(numbered(index, (64, 48)), "rgb24").reformat(format="yuvj420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def small_films(folder: Path) -> list[Path]:
    return [
        write_film(folder / "film.mp4", 0.6, (3,)),
        write_film(folder / "film.mkv", 0.6, (3,)),
        write_video(folder / "film.ts", [numbered(n, (64, 64)) for n in range(8)]),
        write_mjpeg(folder / "film.avi"),
    ]


def play(path: Path) -> str:
    """How it ended: `played`, or the livegraph error. Anything else that is raised is a fault."""
    node = File(File.Params(path=str(path)), context(wired={"out", "audio"}))
    try:
        node.setup()
        for _ in range(2000):
            if isinstance(node.read(), EndOfStream):
                return "played"
        return "endless"
    except LivegraphError as error:
        assert str(path) in str(error)
        return type(error).__name__
    finally:
        node.teardown()


def damaged(data: bytes, trial: int, chance: np.random.Generator) -> bytes:
    """Some bytes are others; every fifth file is cut off as well."""
    broken = np.frombuffer(data, np.uint8).copy()
    at = chance.integers(0, len(broken), int(chance.integers(1, 30)))
    broken[at] = chance.integers(0, 256, len(at))
    return broken[: int(chance.integers(1, len(broken))) if trial % 5 == 0 else None].tobytes()


def test_damage_at_random_is_an_error_of_livegraph_s_or_none(tmp_path: Path) -> None:
    before, ends, chance = peak(), Counter[str](), np.random.default_rng(20)
    for film in small_films(tmp_path):
        data, broken = film.read_bytes(), film.with_stem("broken")
        for trial in range(TRIALS):
            broken.write_bytes(damaged(data, trial, chance))
            ends[play(broken)] += 1
    print(dict(ends))
    assert set(ends) == {"played", "InputError"}
    assert peak() - before < LARGEST_GROWTH


def test_a_title_in_another_script_than_utf_8_plays(tmp_path: Path) -> None:
    path = write_film(tmp_path / "x.mp4", 0.4, ())
    path.write_bytes(path.read_bytes().replace(b"VideoHandler", b"Vid\xe9oHandler"))
    assert play(path) == "played"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.mp4", b"", r"is empty \(0 bytes\)"),
        ("words.mp4", b"Dear diary, today I made no film. " * 50, "no video that FFmpeg can read"),
        ("zeros.mkv", bytes(5000), "no video that FFmpeg can read"),
        ("page.mp4", b"<!doctype html><title>404</title>" * 20, "no video that FFmpeg can read"),
    ],
)
def test_what_is_no_film_fails_its_node_only(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    nodes = {
        "broken": {"use": "media.file", "on_error": "skip", "params": {"path": str(tmp_path / name), "live": True}},
        "scene": {"use": "media.pattern", "params": {"size": "128x96", "frames": 10, "live": True}},
        "first": {"use": "media.null", "in": "broken"},
        "second": {"use": "media.null", "in": "scene"},
    }
    result = run_graph({"livegraph": 1, "nodes": nodes}, duration_s=5)
    assert result.stats["nodes"]["second"]["frames_in"] == 10
    assert any(note.startswith("node broken: ") and name in note for note in result.stats["notes"])
    with pytest.raises(InputError, match=message) as caught:
        built(File, path=str(tmp_path / name))
    assert str(tmp_path / name) in str(caught.value)


def test_a_film_of_one_picture_plays(tmp_path: Path) -> None:
    path = write_video(tmp_path / "x.mp4", [numbered(7)])
    assert len(read_all(built(File, path=str(path)))) == 1
    node = built(File, path=str(path), loop=True)
    times = [node.read().pts_ns for _ in range(5)]
    node.teardown()
    assert times == sorted(set(times))


def test_sound_without_a_picture_is_told(tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
        frame.sample_rate = 48_000
        output.mux([*stream.encode(frame), *stream.encode(None)])
    with pytest.raises(InputError, match=r"song.m4a has no video in it \(only audio\)"):
        built(File, context(wired={"audio"}), path=str(path))


def test_corrupt_packets_in_the_middle_are_left_out_and_said(tmp_path: Path) -> None:
    path = write_mjpeg(tmp_path / "x.avi", 30)
    data, at = bytearray(path.read_bytes()), -1
    for index in range(13):
        at = data.index(b"00dc", at + 1)
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if index >= 10:
            data[at + 8 : at + 8 + size] = bytes(size)
    path.write_bytes(data)
    ctx = context()
    assert len(read_all(built(File, ctx, path=str(path)))) == 27
    assert ctx.said == [f"{path}: 3 damaged packets were left out"]


def giant(path: Path, width: int, height: int) -> Path:
    """A JPEG of 64x48 whose head (ITU-T T.81, B.2.2) says that it is larger."""
    data = bytearray(write_mjpeg(path.with_suffix(".mjpeg"), 1).read_bytes())
    head = data.index(b"\xff\xc0")
    data[head + 5 : head + 9] = struct.pack(">HH", height, width)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("size", [(65_500, 65_500), (46_000, 46_000), (9000, 9000)])
@pytest.mark.parametrize("cls", [File, Images])
def test_a_picture_that_claims_to_be_giant_is_refused(tmp_path: Path, cls: Any, size: tuple[int, int]) -> None:
    before = peak()
    with pytest.raises(InputError, match=r"x\.jpg"):
        built(cls, path=str(giant(tmp_path / "x.jpg", *size))).read()
    assert peak() - before < LARGEST_GROWTH


def test_pictures_that_become_giant_midway_are_left_out(tmp_path: Path) -> None:
    small = write_video(tmp_path / "small.ts", [numbered(n) for n in range(5)]).read_bytes()
    with av.open(str(tmp_path / "large.ts"), "w") as output:
        stream = output.add_stream("libx264", rate=30, options={"preset": "ultrafast", "tune": "zerolatency"})
        stream.width, stream.height, stream.pix_fmt = 8320, 8320, "yuv420p"
        output.mux([*stream.encode(av.VideoFrame(8320, 8320, "yuv420p")), *stream.encode(None)])
    path = tmp_path / "both.ts"
    path.write_bytes(small + (tmp_path / "large.ts").read_bytes() + small)
    assert {size_of(frame.data) for frame in read_all(built(File, path=str(path)))} == {(128, 96)}
