from __future__ import annotations

import numpy as np
import pytest
from vcam_support import plain

from livegraph_virtualcam.canvas import even, letterboxed


@pytest.mark.parametrize(
    ("size", "left", "top"),
    [((64, 48), 0, 0), ((128, 96), 0, 0), ((32, 48), 16, 0), ((64, 24), 0, 12), ((1, 48), 31, 0), ((640, 1), 0, 23)],
)
def test_a_picture_is_centred_and_fills_one_side(size: tuple[int, int], left: int, top: int) -> None:
    framed = letterboxed(plain(*size, (9, 9, 9)), (64, 48))
    assert framed.shape == (48, 64, 3)
    rows, columns = np.nonzero(framed[..., 0])
    assert (columns.min(), rows.min()) == (left, top)
    assert abs((63 - columns.max()) - left) <= 1 and abs((47 - rows.max()) - top) <= 1


def test_scaling_keeps_what_is_where() -> None:
    picture = np.arange(4, dtype=np.uint8).repeat(3).reshape(2, 2, 3)
    np.testing.assert_array_equal(letterboxed(picture, (8, 8))[..., 0][::7, ::7], [[0, 1], [2, 3]])


def test_the_odd_edge_is_cut() -> None:
    picture = np.random.default_rng(4).integers(0, 256, (49, 65, 3), np.uint8)
    assert even((65, 49)) == (64, 48)
    np.testing.assert_array_equal(letterboxed(picture, (64, 48)), picture[:48, :64])
