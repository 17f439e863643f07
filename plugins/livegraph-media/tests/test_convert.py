import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from media_support import steady

from livegraph import Image, Yuv420p, matrix_for
from livegraph_media.convert import (
    gray8_to_rgb24,
    gray8_to_yuv420p,
    rgb24_to_gray8,
    rgb24_to_yuv420p,
    yuv420p_to_gray8,
    yuv420p_to_rgb24,
)

WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}
SIZES = [(64, 48), (65, 49), (130, 1081), (1280, 720)]


def textbook_rgb(picture: Yuv420p) -> np.ndarray:
    """BT.601-7 and BT.709-6, section 3, inverted; each chroma value stands for its four pixels."""
    red, blue = WEIGHTS[picture.matrix]
    rows, columns = picture.y.shape
    luma = picture.y.astype(float)
    u, v = (plane.repeat(2, 0).repeat(2, 1)[:rows, :columns].astype(float) - 128 for plane in (picture.u, picture.v))
    if not picture.full_range:
        luma, u, v = (luma - 16) * 255 / 219, u * 255 / 224, v * 255 / 224
    r, b = luma + 2 * (1 - red) * v, luma + 2 * (1 - blue) * u
    g = (luma - red * r - blue * b) / (1 - red - blue)
    return np.clip(np.stack([r, g, b], -1), 0, 255)


def textbook_luma(picture: Image, matrix: str) -> np.ndarray:
    red, blue = WEIGHTS[matrix]
    return picture @ np.array([red, 1 - red - blue, blue])


def textbook_chroma(picture: Image, matrix: str) -> tuple[np.ndarray, np.ndarray]:
    """Limited-range chroma of each four pixels' mean; even sizes only."""
    red, blue = WEIGHTS[matrix]
    mean = picture.reshape(picture.shape[0] // 2, 2, picture.shape[1] // 2, 2, 3).astype(float).mean((1, 3))
    luma = textbook_luma(mean, matrix)
    u, v = (mean[..., 2] - luma) / (2 * (1 - blue)), (mean[..., 0] - luma) / (2 * (1 - red))
    return 128 + u * 224 / 255, 128 + v * 224 / 255


def random_yuv(size: tuple[int, int], matrix: str, full: bool) -> Yuv420p:
    rng = np.random.default_rng(3)
    width, height = size
    low, high_luma, high_chroma = (0, 256, 256) if full else (16, 236, 241)
    chroma = ((height + 1) // 2, (width + 1) // 2)
    # a stride, as decoders have it: the planes are views into wider rows
    y = rng.integers(low, high_luma, (height, width + 24), dtype=np.uint8)[:, :width]
    u, v = (rng.integers(low, high_chroma, (chroma[0], chroma[1] + 12), dtype=np.uint8)[:, : chroma[1]] for _ in "uv")
    return Yuv420p(y, u, v, matrix, full)  # type: ignore[arg-type]


def random_rgb(size: tuple[int, int]) -> Image:
    return np.random.default_rng(5).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("full", [False, True])
def test_yuv_to_rgb_is_the_textbooks(size: tuple[int, int], matrix: str, full: bool) -> None:
    picture = random_yuv(size, matrix, full)
    error = yuv420p_to_rgb24(picture) - textbook_rgb(picture)
    assert np.abs(error).max() <= 2
    assert abs(error.mean()) < 0.1


@pytest.mark.parametrize("size", SIZES)
def test_rgb_to_yuv_is_the_textbooks(size: tuple[int, int]) -> None:
    picture = random_rgb(size)
    made = rgb24_to_yuv420p(picture)
    assert (made.matrix, made.full_range) == (matrix_for(size), False)
    luma = made.y - (16 + textbook_luma(picture, made.matrix) * 219 / 255)
    assert np.abs(luma).max() <= 1.01
    assert abs(luma.mean()) < 0.1
    even = picture[: size[1] // 2 * 2, : size[0] // 2 * 2]
    for plane, expected in zip((made.u, made.v), textbook_chroma(even, made.matrix), strict=True):
        error = plane[: expected.shape[0], : expected.shape[1]] - expected
        assert np.abs(error).max() <= 1.01
        assert abs(error.mean()) < 0.1


@steady
@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_there_and_back_keeps_every_colour_that_yuv_has(colour: tuple[int, int, int]) -> None:
    picture = np.full((16, 16, 3), colour, np.uint8)
    back = yuv420p_to_rgb24(rgb24_to_yuv420p(picture))
    assert np.abs(back.astype(int) - picture).max() <= 3


@pytest.mark.parametrize("size", SIZES)
def test_grey_is_full_range(size: tuple[int, int]) -> None:
    limited = random_yuv(size, "bt709", False)
    expected = np.clip((limited.y.astype(float) - 16) * 255 / 219, 0, 255)
    assert np.abs(yuv420p_to_gray8(limited) - expected).max() <= 1
    full = random_yuv(size, "bt709", True)
    assert yuv420p_to_gray8(full) is full.y


@pytest.mark.parametrize("size", SIZES)
def test_grey_to_yuv_is_limited_range_and_colourless(size: tuple[int, int]) -> None:
    grey = random_rgb(size)[..., 0].copy()
    made = gray8_to_yuv420p(grey)
    assert np.abs(made.y - (16 + grey.astype(float) * 219 / 255)).max() <= 1
    assert np.all(made.u == 128)
    assert np.all(made.v == 128)
    assert np.abs(yuv420p_to_gray8(made).astype(int) - grey).max() <= 1


@pytest.mark.parametrize("size", SIZES)
def test_rgb_and_grey(size: tuple[int, int]) -> None:
    picture = random_rgb(size)
    assert np.abs(rgb24_to_gray8(picture) - textbook_luma(picture, "bt601")).max() <= 1.01
    grey = picture[..., 1].copy()
    assert np.array_equal(gray8_to_rgb24(grey), np.repeat(grey[..., None], 3, axis=2))


def test_views_that_are_no_rows_in_memory_are_understood() -> None:
    picture = random_rgb((64, 48))
    turned, flipped = np.rot90(picture), picture[::-1]
    assert np.array_equal(rgb24_to_gray8(turned), rgb24_to_gray8(turned.copy()))
    assert np.array_equal(rgb24_to_gray8(flipped), rgb24_to_gray8(flipped.copy()))


def test_what_is_given_is_left_as_it_was() -> None:
    picture = random_rgb((64, 48))
    picture.setflags(write=False)
    before = picture.copy()
    rgb24_to_yuv420p(picture)
    rgb24_to_gray8(picture)
    assert np.array_equal(picture, before)


def test_results_outlive_what_they_were_made_from() -> None:
    made = [rgb24_to_yuv420p(np.full((48, 64, 3), level, np.uint8)) for level in range(0, 250, 10)]
    lumas = [int(picture.y[20, 20]) for picture in made]
    assert lumas == sorted(lumas)
    assert len(set(lumas)) == len(lumas)
