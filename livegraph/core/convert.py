"""Pixel format conversions in NumPy: the reference for faster ones, and what is left where none is installed.

YUV to RGB and back as in ITU-R BT.601-7 (2.5.1) and BT.709-6 (3.2, 3.3), 8 bits, results rounded to nearest. Chroma is
averaged over 2x2 on the way down (an odd edge repeats) and repeated on the way up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livegraph.picture import Matrix, Yuv420p, matrix_for
from livegraph.types import Image, PixelFormat

_LUMA_WEIGHTS: dict[Matrix, tuple[float, float]] = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}
"""Kr and Kb."""

Plane = NDArray[np.float32]


def target_of(src: PixelFormat, dst: PixelFormat) -> str:
    """The conversion of this module, as a `ConverterSpec` names it."""
    return f"livegraph.core.convert:{src}_to_{dst}"


def yuv420p_to_rgb24(picture: Yuv420p) -> Image:
    """[H, W, 3], full range, by the picture's own matrix and range."""
    red, blue = _LUMA_WEIGHTS[picture.matrix]
    green = 1 - red - blue
    luma = _full_luma(picture)
    cb, cr = (_chroma_up(plane, picture) for plane in (picture.u, picture.v))
    rgb = np.empty((*luma.shape, 3), np.uint8)
    rgb[..., 0] = _to_bytes(luma + 2 * (1 - red) * cr)
    rgb[..., 1] = _to_bytes(luma - 2 * (1 - blue) * blue / green * cb - 2 * (1 - red) * red / green * cr)
    rgb[..., 2] = _to_bytes(luma + 2 * (1 - blue) * cb)
    return rgb


def rgb24_to_yuv420p(picture: Image) -> Yuv420p:
    """Limited range, by the matrix that is customary at this size."""
    matrix = matrix_for((picture.shape[1], picture.shape[0]))
    red, blue = _LUMA_WEIGHTS[matrix]
    r, g, b = (picture[..., channel].astype(np.float32) for channel in range(3))
    luma = red * r + (1 - red - blue) * g + blue * b
    cb = _halve((b - luma) / (2 * (1 - blue)))
    cr = _halve((r - luma) / (2 * (1 - red)))
    return Yuv420p(_limited_luma(luma), _limited_chroma(cb), _limited_chroma(cr), matrix, full_range=False)


def yuv420p_to_gray8(picture: Yuv420p) -> Image:
    """The luma in full range; the plane itself, uncopied, where it has that range already."""
    return picture.y if picture.full_range else _to_bytes(_full_luma(picture))


def gray8_to_yuv420p(picture: Image) -> Yuv420p:
    """Limited range, without colour."""
    height, width = picture.shape
    neutral = np.full(((height + 1) // 2, (width + 1) // 2), 128, np.uint8)
    luma = _limited_luma(picture.astype(np.float32))
    return Yuv420p(luma, neutral, neutral, matrix_for((width, height)), full_range=False)


def rgb24_to_gray8(picture: Image) -> Image:
    """The luma by the matrix that is customary at this size, so that the way over YUV gives the same grey."""
    red, blue = _LUMA_WEIGHTS[matrix_for((picture.shape[1], picture.shape[0]))]
    weights = np.array([red, 1 - red - blue, blue], np.float32)
    return _to_bytes(picture.astype(np.float32) @ weights)


def gray8_to_rgb24(picture: Image) -> Image:
    """Grey: all three channels equal."""
    return np.repeat(picture[..., None], 3, axis=2)


def _full_luma(picture: Yuv420p) -> Plane:
    luma = picture.y.astype(np.float32)
    return luma if picture.full_range else (luma - 16) * np.float32(255 / 219)


def _chroma_up(plane: Image, picture: Yuv420p) -> Plane:
    """-127.5..127.5, at the size of the luma."""
    height, width = picture.y.shape
    centred = plane.astype(np.float32) - 128
    scaled = centred if picture.full_range else centred * np.float32(255 / 224)
    return scaled.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]


def _limited_luma(luma: Plane) -> Image:
    return _to_bytes(luma * np.float32(219 / 255) + 16)


def _limited_chroma(chroma: Plane) -> Image:
    return _to_bytes(chroma * np.float32(224 / 255) + 128)


def _halve(plane: Plane) -> Plane:
    height, width = plane.shape
    even = np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")
    halved: Plane = even.reshape((height + 1) // 2, 2, (width + 1) // 2, 2).mean(axis=(1, 3), dtype=np.float32)
    return halved


def _to_bytes(plane: Plane) -> Image:
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)
