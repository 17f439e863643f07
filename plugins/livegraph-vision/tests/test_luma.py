from __future__ import annotations

import numpy as np
import pytest

from livegraph import Image, PixelFormat, Yuv420p
from livegraph_vision.luma import compress, expand, grey_picture, luma_of, wants_full_range
from livegraph_vision.planes import neutral_chroma

LEVELS = np.arange(256, dtype=np.uint8).reshape(16, 16)


def test_expanding_and_compressing_follow_the_standard_at_every_level() -> None:
    levels = LEVELS.astype(float)
    np.testing.assert_array_equal(expand(LEVELS), np.clip((levels - 16) * 255 / 219, 0, 255).round())
    assert np.abs(compress(LEVELS) - (16 + levels * 219 / 255)).max() <= 0.5
    np.testing.assert_array_equal(expand(compress(LEVELS))[[0, -1], [0, -1]], [0, 255])


def test_compressing_undoes_expanding_within_the_limited_range() -> None:
    inside = np.arange(16, 236, dtype=np.uint8).reshape(20, 11)
    np.testing.assert_array_equal(compress(expand(inside)), inside)


def test_the_luma_of_yuv_is_its_plane_itself(yuv: Yuv420p, grey: Image) -> None:
    assert luma_of(yuv).plane is yuv.y and not luma_of(yuv).full_range
    assert luma_of(grey).plane is grey and luma_of(grey).full_range


def test_the_luma_of_rgb_has_the_weights_of_bt601(rgb: Image) -> None:
    expected = rgb @ np.array([0.299, 0.587, 0.114])
    assert np.abs(luma_of(rgb).plane - expected).max() <= 1


@pytest.mark.parametrize("full_range", [True, False])
def test_yuv_made_of_yuv_keeps_range_and_matrix(grey: Image, full_range: bool) -> None:
    neutral = neutral_chroma(*grey.shape)
    source = Yuv420p(grey, neutral, neutral, "bt709", full_range)
    made = grey_picture(grey, source, "yuv420p")
    assert isinstance(made, Yuv420p)
    assert (made.matrix, made.full_range) == ("bt709", full_range)
    assert made.y is grey and made.u is neutral and made.v is neutral


@pytest.mark.parametrize(("target", "full"), [("yuv420p", False), ("gray8", True), ("rgb24", True)])
def test_the_range_of_what_is_made_of_rgb(rgb: Image, target: PixelFormat, full: bool) -> None:
    assert wants_full_range(rgb, target) is full
    made = grey_picture(rgb[:, :, 0], rgb, target)
    assert getattr(made, "full_range", True) is full
    assert getattr(made, "matrix", "bt601") == "bt601"
