"""Pictures on the host: the pixel formats, and what a payload says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from livegraph.types import Image, PixelFormat, Size

Matrix = Literal["bt601", "bt709"]


@dataclass(frozen=True, slots=True, eq=False)
class Yuv420p:
    """Planar YUV, chroma halved both ways: what codecs and cameras speak.

    `y` is uint8 [H, W]; `u` and `v` are uint8 [(H+1)//2, (W+1)//2], neutral at 128. Rows may be padded (strided
    views into a decoder's buffer are fine). Limited range: luma 16..235, chroma 16..240. Planes are made read-only.
    """

    y: Image
    u: Image
    v: Image
    matrix: Matrix = "bt601"
    full_range: bool = False

    def __post_init__(self) -> None:
        height, width = self.y.shape
        chroma = ((height + 1) // 2, (width + 1) // 2)
        if self.u.shape != chroma or self.v.shape != chroma:
            raise ValueError(
                f"chroma planes {self.u.shape}, {self.v.shape} beside luma {self.y.shape}: expected {chroma}"
            )
        for plane in (self.y, self.u, self.v):
            plane.setflags(write=False)

    @property
    def nbytes(self) -> int:
        return self.y.nbytes + self.u.nbytes + self.v.nbytes


def matrix_for(size: Size) -> Matrix:
    """The customary matrix where nothing says which: BT.709 from 720 lines up, BT.601 below."""
    return "bt709" if size[1] >= 720 else "bt601"


def black_like(picture: object) -> object:
    """A black picture of the same size and format; what is no picture on the host comes back as it is."""
    if isinstance(picture, Yuv420p):
        luma = np.full(picture.y.shape, 0 if picture.full_range else 16, np.uint8)
        chroma = np.full(picture.u.shape, 128, np.uint8)
        return Yuv420p(luma, chroma, chroma, picture.matrix, picture.full_range)
    return np.zeros_like(picture) if pixel_format(picture) is not None else picture


def pixel_format(picture: object) -> PixelFormat | None:
    """The format of a payload; None for what is no picture on the host."""
    if isinstance(picture, Yuv420p):
        return "yuv420p"
    if isinstance(picture, np.ndarray) and picture.dtype == np.uint8:
        if picture.ndim == 2:
            return "gray8"
        if picture.ndim == 3 and picture.shape[2] == 3:
            return "rgb24"
    return None


def size_of(picture: Image | Yuv420p) -> Size:
    """Width and height."""
    plane = picture.y if isinstance(picture, Yuv420p) else picture
    return plane.shape[1], plane.shape[0]
