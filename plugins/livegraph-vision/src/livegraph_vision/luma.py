"""The luma of any picture, and pictures made of luma alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from livegraph import Image, PixelFormat, Yuv420p, matrix_for
from livegraph_vision.opencv import cv2
from livegraph_vision.planes import BLACK, LIMITED_SPAN, Picture, neutral_chroma, planes_of


@dataclass(frozen=True, slots=True)
class Luma:
    """A plane uint8 [H, W], and whether its levels are 0..255 (`full_range`) or 16..235."""

    plane: Image
    full_range: bool

    @property
    def span(self) -> float:
        """What one full-range grey level is in levels of this plane: 1, or 219/255."""
        return 1.0 if self.full_range else LIMITED_SPAN


def luma_of(picture: Picture) -> Luma:
    """The Y plane as it is, shared; of rgb24 the luma of BT.601 (0.299 R + 0.587 G + 0.114 B), in the full range."""
    if isinstance(picture, Yuv420p):
        return Luma(picture.y, picture.full_range)
    (plane,) = planes_of(picture)
    if plane.ndim == 3:
        plane = np.asarray(cv2.cvtColor(plane, cv2.COLOR_RGB2GRAY), np.uint8)
    return Luma(plane, True)


def wants_full_range(source: Picture, target: PixelFormat) -> bool:
    """The range that luma needs for `grey_picture`: a Yuv420p made of another one keeps its range; gray8 and rgb24
    are full range, and a Yuv420p made of these is limited.
    """
    return target != "yuv420p" or (isinstance(source, Yuv420p) and source.full_range)


def grey_picture(plane: Image, source: Picture, target: PixelFormat) -> Picture:
    """A picture without colour from luma whose range is `wants_full_range`; matrix as in `source` where it has one."""
    if target == "gray8":
        return plane
    if target == "rgb24":
        return np.asarray(cv2.cvtColor(plane, cv2.COLOR_GRAY2RGB), np.uint8)
    height, width = plane.shape
    chroma = neutral_chroma(height, width)
    matrix = source.matrix if isinstance(source, Yuv420p) else matrix_for((width, height))
    return Yuv420p(plane, chroma, chroma, matrix, wants_full_range(source, target))


def expand(plane: Image) -> Image:
    """Limited-range luma as full-range grey: 16..235 to 0..255, rounded; what lies outside is clipped."""
    lifted = np.clip(plane, np.uint8(BLACK), np.uint8(255))
    return np.asarray(
        cv2.convertScaleAbs(lifted, dst=lifted, alpha=1 / LIMITED_SPAN, beta=-BLACK / LIMITED_SPAN), np.uint8
    )


def compress(plane: Image) -> Image:
    """Full-range grey as limited-range luma: 0..255 to 16..235, rounded."""
    return np.asarray(cv2.convertScaleAbs(plane, alpha=LIMITED_SPAN, beta=BLACK), np.uint8)
