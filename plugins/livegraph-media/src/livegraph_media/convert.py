"""Pixel format converters by swscale, within one level of the formulas of BT.601-7 and BT.709-6 (section 3).

gray8 is full range; its levels are luma, by BT.601's weights where it comes from rgb24. Each thread has swscale
contexts of its own, and swscale runs without the GIL. Odd sizes are converted at the next even one: swscale would
stretch their chroma.
"""

from __future__ import annotations

import numpy as np

from livegraph import Image, Yuv420p, matrix_for
from livegraph_media.ffmpeg import Colorspace, Interpolation, VideoFrame
from livegraph_media.planes import (
    COLORSPACE,
    EXACT,
    UPSAMPLE,
    Matrix,
    color_range,
    frame_of,
    reformatter,
    views,
    wrapped,
)


def yuv420p_to_rgb24(picture: Yuv420p) -> Image:
    """Full-range RGB, [H, W, 3]; each chroma value stands for its four pixels."""
    height, width = picture.y.shape
    frame = frame_of(picture, even=True)
    return views(_swscale(frame, "rgb24", picture.matrix, picture.full_range, True, UPSAMPLE))[0][:height, :width]


def yuv420p_to_gray8(picture: Yuv420p) -> Image:
    """The luma as full range 0..255, [H, W]; the very plane where it has that range already."""
    if picture.full_range:
        return picture.y
    height, width = picture.y.shape
    frame = VideoFrame(width, height, "yuv420p")
    views(frame)[0][...] = picture.y
    return views(_swscale(frame, "gray", "bt601", False, True, Interpolation.BILINEAR))[0]


def rgb24_to_yuv420p(picture: Image) -> Yuv420p:
    """Limited range, by the matrix that is customary for the size; chroma is the mean of each four pixels."""
    height, width = picture.shape[:2]
    matrix = matrix_for((width, height))
    if width % 2 or height % 2:
        picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    y, u, v = views(_swscale(wrapped(picture), "yuv420p", matrix, True, False, EXACT))
    return Yuv420p(y[:height, :width], u, v, matrix)


def rgb24_to_gray8(picture: Image) -> Image:
    """0.299 R + 0.587 G + 0.114 B, [H, W]."""
    return views(_swscale(wrapped(picture), "gray", "bt601", True, True, Interpolation.BILINEAR))[0]


def gray8_to_yuv420p(picture: Image) -> Yuv420p:
    """Limited range with neutral chroma."""
    matrix = matrix_for((picture.shape[1], picture.shape[0]))
    y, u, v = views(_swscale(wrapped(picture), "yuv420p", "bt601", True, False, Interpolation.BILINEAR))
    return Yuv420p(y, u, v, matrix)


def gray8_to_rgb24(picture: Image) -> Image:
    """Three equal channels, [H, W, 3]."""
    return views(_swscale(wrapped(picture), "rgb24", "bt601", True, True, Interpolation.BILINEAR))[0]


def _swscale(frame: VideoFrame, pixels: str, matrix: Matrix, from_full: bool, to_full: bool, how: int) -> VideoFrame:
    colorspace: Colorspace = COLORSPACE[matrix]
    size = frame.width, frame.height
    return reformatter(frame.format.name, size, pixels, size).reformat(
        frame,
        format=pixels,
        src_colorspace=colorspace,
        dst_colorspace=colorspace,
        src_color_range=color_range(from_full),
        dst_color_range=color_range(to_full),
        interpolation=how,
        threads=1,
    )
