from __future__ import annotations

import numpy as np
import pytest

from livegraph import Yuv420p
from livegraph.picture import Matrix
from livegraph_vision.converters import grey_from_yuv, rgb_from_grey, yuv_from_grey
from livegraph_vision.planes import neutral_chroma

LEVELS = np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("full_range", [False, True])
def test_grey_is_luma_in_the_full_range(matrix: Matrix, full_range: bool) -> None:
    chroma = np.random.default_rng(0).integers(0, 256, (2, 8, 8), np.uint8)
    found = grey_from_yuv(Yuv420p(LEVELS, chroma[0], chroma[1], matrix, full_range))
    levels = LEVELS.astype(float)
    exact = levels if full_range else np.clip((levels - 16) * 255 / 219, 0, 255)
    assert np.abs(found - exact).max() <= 0.5


def test_full_range_luma_is_shared() -> None:
    neutral = neutral_chroma(16, 16)
    assert grey_from_yuv(Yuv420p(LEVELS, neutral, neutral, full_range=True)) is LEVELS


@pytest.mark.parametrize(("size", "matrix"), [((64, 48), "bt601"), ((1280, 720), "bt709"), ((5, 3), "bt601")])
def test_yuv_of_grey_is_limited_and_neutral_with_the_matrix_of_its_size(size: tuple[int, int], matrix: Matrix) -> None:
    grey = np.resize(LEVELS, (size[1], size[0]))
    made = yuv_from_grey(grey)
    assert (made.matrix, made.full_range) == (matrix, False)
    assert np.abs(made.y - (16 + grey * (219 / 255))).max() <= 0.5
    assert made.u is made.v is neutral_chroma(size[1], size[0])


def test_there_and_back_is_within_a_level() -> None:
    assert np.abs(grey_from_yuv(yuv_from_grey(LEVELS)).astype(int) - LEVELS).max() <= 1


def test_rgb_of_grey_is_three_times_the_same() -> None:
    np.testing.assert_array_equal(rgb_from_grey(LEVELS), np.dstack([LEVELS] * 3))
