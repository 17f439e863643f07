from __future__ import annotations

import numpy as np
import pytest

from livegraph import Yuv420p
from livegraph_ndi.colour import as_bt709


def one(y: int, u: int, v: int, matrix: str = "bt601", full: bool = False) -> Yuv420p:
    chroma = ((3 + 1) // 2, (5 + 1) // 2)
    return Yuv420p(
        np.full((3, 5), y, np.uint8), np.full(chroma, u, np.uint8), np.full(chroma, v, np.uint8), matrix, full
    )


# The 8-bit codes of the primaries: BT.601 and BT.709 at 100 %, limited range (as in every colour bar table).
PRIMARIES = [
    ((81, 90, 240), (63, 102, 240)),  # red
    ((145, 54, 34), (173, 42, 26)),  # green
    ((41, 240, 110), (32, 240, 118)),  # blue
    ((235, 128, 128), (235, 128, 128)),  # white
    ((16, 128, 128), (16, 128, 128)),  # black
]


@pytest.mark.parametrize(("bt601", "bt709"), PRIMARIES)
def test_the_primaries_of_one_matrix_become_those_of_the_other(bt601, bt709) -> None:
    found = as_bt709(one(*bt601))
    assert (found.matrix, found.full_range) == ("bt709", False)
    for plane, wanted in zip((found.y, found.u, found.v), bt709, strict=True):
        assert np.abs(plane.astype(int) - wanted).max() <= 1


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize(("full", "limited"), [(0, 16), (255, 235), (128, 126)])
def test_full_range_becomes_limited(matrix: str, full: int, limited: int) -> None:
    found = as_bt709(one(full, 128, 128, matrix, True))
    assert set(found.y.flat) == {limited}
    assert set(found.u.flat) == set(found.v.flat) == {128}


def test_what_is_so_already_is_handed_over_as_it_is() -> None:
    picture = one(100, 90, 80, "bt709")
    assert as_bt709(picture) is picture
