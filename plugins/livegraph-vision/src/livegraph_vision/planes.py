"""Planes of pictures: levels of luma, the neutral chroma plane, taking a picture apart and putting it together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from livegraph import Image, InputError, Yuv420p, pixel_format

Picture: TypeAlias = Image | Yuv420p

BLACK, WHITE = 16, 235
"""Luma of black and white in the limited range (ITU-R BT.601, BT.709); 0 and 255 in the full range."""
LIMITED_SPAN = (WHITE - BLACK) / 255
"""A difference of full-range grey levels, times this, is one of limited-range luma."""


@lru_cache(maxsize=16)
def neutral_chroma(height: int, width: int) -> Image:
    """The chroma of grey beside luma [height, width]: 128 everywhere, read-only.

    One object per size in the whole process, for U and for V: who finds the same object twice need not look inside.
    """
    plane = np.full(((height + 1) // 2, (width + 1) // 2), 128, np.uint8)
    plane.setflags(write=False)
    return plane


def planes_of(picture: Picture) -> tuple[Image, ...]:
    """Y, U, V of a Yuv420p; the array itself for rgb24 [H, W, 3] and gray8 [H, W]."""
    if isinstance(picture, Yuv420p):
        return picture.y, picture.u, picture.v
    if pixel_format(picture) is None:
        raise InputError(f"expected a picture (yuv420p, rgb24 or gray8), got {_describe(picture)}")
    return (picture,)


def with_planes(picture: Picture, planes: Sequence[Image]) -> Picture:
    """The picture's format, matrix and range with other planes."""
    if isinstance(picture, Yuv420p):
        y, u, v = planes
        return Yuv420p(y, u, v, picture.matrix, picture.full_range)
    return planes[0]


def _describe(payload: object) -> str:
    if isinstance(payload, np.ndarray):
        return f"a {payload.dtype} array of shape {list(payload.shape)}"
    return f"a {type(payload).__name__}"
