from __future__ import annotations

from itertools import permutations
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from livegraph import PixelFormat, Yuv420p, pixel_format, size_of
from livegraph.core.convert import (
    gray8_to_rgb24,
    gray8_to_yuv420p,
    rgb24_to_gray8,
    rgb24_to_yuv420p,
    target_of,
    yuv420p_to_gray8,
    yuv420p_to_rgb24,
)
from livegraph.registry import resolve

FORMATS: tuple[PixelFormat, ...] = get_args(PixelFormat)
shapes = st.tuples(st.integers(1, 17), st.integers(1, 17))
greys = shapes.flatmap(lambda shape: arrays.arrays(np.uint8, shape))


def flat(y: int, u: int, v: int, **how: Any) -> Yuv420p:
    luma = np.full((4, 6), y, np.uint8)
    return Yuv420p(luma, np.full((2, 3), u, np.uint8), np.full((2, 3), v, np.uint8), **how)


def picture(format: PixelFormat, height: int, width: int, seed: int = 0) -> Any:
    random = np.random.default_rng(seed)
    if format == "gray8":
        return random.integers(0, 256, (height, width), np.uint8)
    if format == "rgb24":
        return random.integers(0, 256, (height, width, 3), np.uint8)
    half = ((height + 1) // 2, (width + 1) // 2)
    u, v = (random.integers(16, 241, half, np.uint8) for _ in range(2))
    return Yuv420p(random.integers(16, 236, (height, width), np.uint8), u, v)


@pytest.mark.parametrize(
    ("yuv", "matrix", "rgb"),
    [
        # 75 % and 100 % colour bars as the standards print them, limited range.
        ((16, 128, 128), "bt601", (0, 0, 0)),
        ((235, 128, 128), "bt709", (255, 255, 255)),
        ((81, 90, 240), "bt601", (254, 0, 0)),
        ((145, 54, 34), "bt601", (0, 255, 1)),
        ((41, 240, 110), "bt601", (0, 0, 255)),
        ((63, 102, 240), "bt709", (255, 0, 0)),
        ((173, 42, 26), "bt709", (0, 255, 1)),
        ((32, 240, 118), "bt709", (1, 0, 255)),
    ],
)
def test_the_bars_of_the_standards(yuv: tuple[int, int, int], matrix: Any, rgb: tuple[int, int, int]) -> None:
    found = yuv420p_to_rgb24(flat(*yuv, matrix=matrix))
    assert found.shape == (4, 6, 3)
    assert np.abs(found[0, 0].astype(int) - rgb).max() <= 1


def test_full_range_reaches_from_0_to_255() -> None:
    assert yuv420p_to_rgb24(flat(0, 128, 128, full_range=True)).max() == 0
    assert yuv420p_to_rgb24(flat(255, 128, 128, full_range=True)).min() == 255
    assert yuv420p_to_gray8(flat(7, 0, 0, full_range=True)).max() == 7


def test_luma_in_full_range_is_not_copied() -> None:
    full = flat(7, 128, 128, full_range=True)
    assert yuv420p_to_gray8(full) is full.y


@given(greys)
def test_grey_comes_back_from_rgb(grey: Any) -> None:
    assert np.array_equal(rgb24_to_gray8(gray8_to_rgb24(grey)), grey)


@given(greys)
def test_grey_comes_back_from_yuv_within_a_step(grey: Any) -> None:
    yuv = gray8_to_yuv420p(grey)
    assert not yuv.full_range
    assert np.abs(yuv420p_to_gray8(yuv).astype(int) - grey).max() <= 1
    assert np.ptp(yuv420p_to_rgb24(yuv), axis=2).max() == 0


@given(st.tuples(*[st.integers(0, 255)] * 3), shapes)
def test_a_flat_colour_comes_back_within_three_steps(rgb: tuple[int, int, int], shape: tuple[int, int]) -> None:
    source = np.full((*shape, 3), rgb, np.uint8)
    assert np.abs(yuv420p_to_rgb24(rgb24_to_yuv420p(source)).astype(int) - source).max() <= 3


def test_the_matrix_follows_the_size() -> None:
    assert rgb24_to_yuv420p(np.zeros((720, 2, 3), np.uint8)).matrix == "bt709"
    assert rgb24_to_yuv420p(np.zeros((719, 2, 3), np.uint8)).matrix == "bt601"


def test_chroma_is_the_mean_of_its_four_pixels() -> None:
    source = np.zeros((2, 2, 3), np.uint8)
    source[0] = (255, 0, 0)
    whole = rgb24_to_yuv420p(np.full((2, 2, 3), (255, 0, 0), np.uint8))
    assert int(rgb24_to_yuv420p(source).v[0, 0]) == 128 + (int(whole.v[0, 0]) - 128) // 2


@pytest.mark.parametrize(("src", "dst"), list(permutations(FORMATS, 2)))
@pytest.mark.parametrize("size", [(1, 1), (5, 3), (64, 48)])
def test_every_pair_keeps_the_size_and_writes_into_nothing(src: PixelFormat, dst: PixelFormat, size: Any) -> None:
    source = picture(src, *size)
    if isinstance(source, np.ndarray):
        source.setflags(write=False)
    found = resolve(target_of(src, dst))(source)
    assert pixel_format(found) == dst
    assert size_of(found) == size_of(source)


def test_grey_is_the_same_over_yuv_and_directly() -> None:
    source = picture("rgb24", 32, 32)
    direct = rgb24_to_gray8(source).astype(int)
    assert np.abs(yuv420p_to_gray8(rgb24_to_yuv420p(source)) - direct).max() <= 1
