"""A picture at another size: cropped to fill it, or letterboxed to be seen whole; and turned upright."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np

from livegraph import Image, Size, Yuv420p
from livegraph_media.ffmpeg import VideoFrame
from livegraph_media.planes import is_full_range, matrix_of, resized, yuv420p_of

Fit: TypeAlias = Literal["crop", "letterbox"]


_SQUARE_ENOUGH = Fraction(1, 100)
_WIDEST = 8192


def square_size(size: Size, aspect: Fraction) -> Size:
    """The size at which a picture whose pixels are `aspect` times as wide as high has square ones: its lines are kept,
    its width is even. Within 1 % pixels count as square, and where no picture would be left, or one too wide.
    """
    width = 2 * round(size[0] * aspect / 2)
    if abs(aspect - 1) < _SQUARE_ENOUGH or not 2 <= width <= _WIDEST:
        return size
    return width, size[1]


def fitted(frame: VideoFrame, size: Size, fit: Fit, proportions: Size | None = None) -> Yuv420p:
    """The frame at exactly `size`, in its own proportions, or in those of another size."""
    matrix, full = matrix_of(frame), is_full_range(frame) and not frame.format.is_rgb
    source = proportions or (frame.width, frame.height)
    scaled = yuv420p_of(resized(frame, scaled_size(source, size, fit), "yuv420p", matrix, full))
    return cropped(scaled, size) if fit == "crop" else letterboxed(scaled, size)


def scaled_size(source: Size, target: Size, fit: Fit) -> Size:
    """The size in the proportions of `source` that covers `target` (crop), or fits into it (letterbox)."""
    ratios = target[0] / source[0], target[1] / source[1]
    ratio = max(ratios) if fit == "crop" else min(ratios)
    width, height = max(1, round(source[0] * ratio)), max(1, round(source[1] * ratio))
    if fit == "crop":
        return max(width, target[0]), max(height, target[1])
    return min(width, target[0]), min(height, target[1])


def cropped(picture: Yuv420p, size: Size) -> Yuv420p:
    """The middle of the picture, as views; it begins on an even pixel, where chroma has one too."""
    height, width = picture.y.shape
    left, top = (width - size[0]) // 4 * 2, (height - size[1]) // 4 * 2
    rows, columns = slice(top // 2, top // 2 + (size[1] + 1) // 2), slice(left // 2, left // 2 + (size[0] + 1) // 2)
    luma = picture.y[top : top + size[1], left : left + size[0]]
    return Yuv420p(luma, picture.u[rows, columns], picture.v[rows, columns], picture.matrix, picture.full_range)


def letterboxed(picture: Yuv420p, size: Size) -> Yuv420p:
    """The picture in the middle of a black one."""
    if (picture.y.shape[1], picture.y.shape[0]) == size:
        return picture
    black = 0 if picture.full_range else 16
    left, top = (size[0] - picture.y.shape[1]) // 4 * 2, (size[1] - picture.y.shape[0]) // 4 * 2
    chroma = ((size[1] + 1) // 2, (size[0] + 1) // 2)
    y = _framed(picture.y, (size[1], size[0]), top, left, black)
    u, v = (_framed(plane, chroma, top // 2, left // 2, 128) for plane in (picture.u, picture.v))
    return Yuv420p(y, u, v, picture.matrix, picture.full_range)


def turned(picture: Yuv420p, quarters: int) -> Yuv420p:
    """The picture turned anticlockwise by quarters of a circle."""
    if quarters % 4 == 0:
        return picture
    y, u, v = (np.ascontiguousarray(np.rot90(plane, quarters)) for plane in (picture.y, picture.u, picture.v))
    return Yuv420p(y, u, v, picture.matrix, picture.full_range)


def _framed(plane: Image, shape: tuple[int, int], top: int, left: int, level: int) -> Image:
    canvas: Image = np.full(shape, level, np.uint8)
    canvas[top : top + plane.shape[0], left : left + plane.shape[1]] = plane
    return canvas
