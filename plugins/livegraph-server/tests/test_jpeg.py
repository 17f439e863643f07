from __future__ import annotations

import numpy as np
import pytest
import simplejpeg

from livegraph import Image, Yuv420p
from livegraph.core.convert import rgb24_to_yuv420p, yuv420p_to_rgb24
from livegraph_server.jpeg import encode


@pytest.fixture
def colours() -> Image:
    """Soft colours all over the cube, uint8 [91, 161, 3]."""
    y, x = np.mgrid[0:91, 0:161]
    x, y = x / 161, y / 91
    return (np.stack([x, y, 1 - x * y], axis=2) * 235 + 10).astype(np.uint8)


def seen(jpeg: bytes) -> Image:
    return np.asarray(simplejpeg.decode_jpeg(jpeg))


def far(one: Image, other: Image) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def test_colours_come_out_as_they_went_in(colours: Image) -> None:
    assert far(seen(encode(colours, 95)), colours) < 1.5


def test_grey_stays_grey() -> None:
    grey = np.tile(np.arange(160, dtype=np.uint8), (90, 1))
    decoded = seen(encode(grey, 95))
    assert far(decoded, np.repeat(grey[..., None], 3, axis=2)) < 1.5


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("full", [True, False])
def test_yuv_of_every_matrix_and_range_shows_the_same_colours(colours: Image, matrix: str, full: bool) -> None:
    base = rgb24_to_yuv420p(colours)
    picture = Yuv420p(base.y, base.u, base.v, matrix, full)  # type: ignore[arg-type]
    assert far(seen(encode(picture, 97)), yuv420p_to_rgb24(picture)) < 2.5


def test_jpeg_s_own_yuv_is_not_touched() -> None:
    plane = np.arange(64, dtype=np.uint8).reshape(8, 8)
    small = np.full((4, 4), 128, np.uint8)
    picture = Yuv420p(plane, small, small, "bt601", True)
    assert encode(picture, 90) == bytes(simplejpeg.encode_jpeg_yuv_planes(plane, small, small, 90))


def test_less_quality_is_smaller(colours: Image) -> None:
    assert len(encode(colours, 20)) < len(encode(colours, 95)) / 2
