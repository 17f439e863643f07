from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from media_support import built, context, numbered, read_all

from livegraph import InputError, Yuv420p, size_of
from livegraph_media import read_frame_number
from livegraph_media.images import Images, natural
from livegraph_media.planes import wrapped


def save(path: Path, picture: np.ndarray) -> None:
    """A PNG, by FFmpeg's own encoder."""
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as output:
        stream = output.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = picture.shape[1], picture.shape[0], "rgb24"
        output.mux([*stream.encode(wrapped(picture)), *stream.encode(None)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (10, 9, 2, 1):
        save(tmp_path / f"shot{number}.png", numbered(number))
    (tmp_path / "notes.txt").write_text("not a picture")
    return tmp_path


def numbers(frames) -> list[int | None]:
    return [read_frame_number(frame.data) for frame in frames]


def test_a_folder_plays_in_natural_order(folder: Path) -> None:
    frames = read_all(built(Images, path=str(folder), fps=10))
    assert numbers(frames) == [1, 2, 9, 10]
    assert [frame.pts_ns for frame in frames] == [0, 100_000_000, 200_000_000, 300_000_000]
    assert isinstance(frames[0].data, Yuv420p)


def test_a_glob_chooses(folder: Path) -> None:
    assert numbers(read_all(built(Images, path=str(folder / "shot1*.png")))) == [1, 10]
    assert numbers(read_all(built(Images, path=str(folder / "shot9.png")))) == [9]


def test_rgb_comes_as_it_was_saved(folder: Path) -> None:
    ctx = context(formats={"out": "rgb24"})
    frame = built(Images, ctx, path=str(folder)).read()
    assert np.array_equal(frame.data, numbered(1))


def test_a_loop_marks_where_it_begins_again(folder: Path) -> None:
    node = built(Images, path=str(folder), loop=True)
    frames = [node.read() for _ in range(9)]
    assert numbers(frames) == [1, 2, 9, 10, 1, 2, 9, 10, 1]
    assert [index for index, frame in enumerate(frames) if frame.discontinuity] == [4, 8]
    assert all(b.pts_ns > a.pts_ns for a, b in pairwise(frames))


def test_one_picture_in_a_loop_is_a_still(folder: Path) -> None:
    node = built(Images, path=str(folder / "shot2.png"), loop=True)
    assert not any(node.read().discontinuity for _ in range(5))


def test_a_size_makes_all_pictures_equal(folder: Path) -> None:
    save(folder / "shot3.png", numbered(3, (300, 100)))
    frames = read_all(built(Images, path=str(folder), size="96x96", fit="letterbox"))
    assert {size_of(frame.data) for frame in frames} == {(96, 96)}


@pytest.mark.parametrize(
    ("path", "message"), [("nowhere", "no folder or picture"), ("*.gif", "no pictures in"), ("empty", "no pictures in")]
)
def test_nothing_to_show_is_told(folder: Path, path: str, message: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match=message):
        built(Images, path=str(folder / path))


def test_a_broken_picture_is_named(folder: Path) -> None:
    (folder / "shot0.png").write_bytes(b"\x89PNG no more")
    with pytest.raises(InputError, match=r"shot0\.png"):
        built(Images, path=str(folder)).read()


def test_numbers_count_as_numbers() -> None:
    names = ["b1.png", "A10.png", "a9.png", "7.png", "a9b.png"]
    assert sorted(names, key=lambda name: natural(Path(name))) == ["7.png", "a9.png", "a9b.png", "A10.png", "b1.png"]
