"""One picture of a stream as a file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from media_support import built, numbered

from livegraph import Frame, InputError, NodeError
from livegraph.testing import run_graph
from livegraph_media import read_frame_number
from livegraph_media.images import read_picture
from livegraph_media.still import Still, png


def number_in(path: Path) -> int | None:
    return read_frame_number(read_picture(path).to_ndarray(format="rgb24"))


def give(node: Still, number: int) -> None:
    node.process(Frame(number * 40_000_000, number, data=numbered(number)))


def change(node: Still, **params: Any) -> None:
    node.params = node.params.model_copy(update=params)


def test_the_first_picture_is_kept_and_another_when_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "stills" / "a.png"
    node = built(Still, path=str(path))
    for number in range(3):
        give(node, number)
    assert number_in(path) == 0
    change(node, take=1)
    give(node, 3)
    give(node, 4)
    assert number_in(path) == 3
    change(node, path=str(tmp_path / "b.png"))
    give(node, 5)
    assert [number_in(path), number_in(tmp_path / "b.png")] == [3, 5]
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("size", [(1, 1), (33, 7), (64, 48)])
def test_nothing_of_the_picture_is_lost(size: tuple[int, int], tmp_path: Path) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    (tmp_path / "a.png").write_bytes(png(picture))
    assert (read_picture(tmp_path / "a.png").to_ndarray(format="rgb24") == picture).all()


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.jpg: the name must end in \.png"):
        built(Still, path=str(tmp_path / "a.jpg"))


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    node = built(Still, path=str(tmp_path / "file" / "a.png"))
    with pytest.raises(NodeError, match=r"a\.png"):
        give(node, 0)


def test_in_a_graph(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    nodes = {
        "scene": {"use": "media.pattern", "params": {"size": "128x96", "frames": 5}},
        "still": {"use": "media.still", "in": "scene", "params": {"path": str(path)}},
    }
    assert run_graph({"livegraph": 1, "name": "still", "nodes": nodes}).outcome.error is None
    assert number_in(path) == 0
