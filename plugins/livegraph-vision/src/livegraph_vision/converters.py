"""Pixel format conversions between grey and colour, by OpenCV: right in both ranges, and faster than swscale.

Chroma never matters here, so neither does the matrix.
"""

from __future__ import annotations

import numpy as np

from livegraph import Image, Yuv420p, matrix_for, size_of
from livegraph_vision.luma import compress, expand
from livegraph_vision.opencv import cv2
from livegraph_vision.planes import neutral_chroma


def grey_from_yuv(picture: Yuv420p) -> Image:
    """The Y plane in the full range; shared where it is that already."""
    return picture.y if picture.full_range else expand(picture.y)


def yuv_from_grey(picture: Image) -> Yuv420p:
    """Limited range, neutral chroma, the customary matrix of the size."""
    chroma = neutral_chroma(*picture.shape)
    return Yuv420p(compress(picture), chroma, chroma, matrix_for(size_of(picture)))


def rgb_from_grey(picture: Image) -> Image:
    """Three times the same plane."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), np.uint8)
