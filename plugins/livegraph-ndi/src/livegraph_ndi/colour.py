"""YUV as NDI has it: BT.709, limited range, at every size.

That NDI reads 8-bit YUV so, also below 720 lines, was measured with NDI 6.3.2: `tests/test_real.py`.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from livegraph import Image, Yuv420p

_WEIGHTS = {"bt601": (0.299, 0.587, 0.114), "bt709": (0.2126, 0.7152, 0.0722)}
"""Of red, green and blue in luma: ITU-R BT.601-7, 2.5.1; BT.709-6, item 3.2."""


def as_bt709(picture: Yuv420p) -> Yuv420p:
    """The picture in BT.709, limited range: itself where it is so already.

    Grey has no chroma in either matrix, so chroma depends on chroma alone, and luma changes by an amount that chroma
    tells: all arithmetic but one addition is on quarter-size planes.
    """
    if picture.matrix == "bt709" and not picture.full_range:
        return picture
    change = _to_bt709(picture.matrix)
    scale = 224 / 255 if picture.full_range else 1.0
    u, v = (np.float32(scale) * (plane.astype(np.float32) - 128) for plane in (picture.u, picture.v))
    luma = picture.y.astype(np.float32)
    if picture.full_range:
        luma = luma * np.float32(219 / 255) + 16
    height, width = luma.shape
    shift = np.float32(219 / 224) * (change[0, 1] * u + change[0, 2] * v)
    luma += shift.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    chroma = [change[row, 1] * u + change[row, 2] * v + 128 for row in (1, 2)]
    return Yuv420p(_rounded(luma), _rounded(chroma[0]), _rounded(chroma[1]), "bt709")


def _rounded(plane: NDArray[np.float32]) -> Image:
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)


@cache
def _to_bt709(matrix: str) -> NDArray[np.float32]:
    """From (luma, U, V) in one matrix to BT.709's, luma in 0..1, chroma in -0.5..0.5."""
    return (_of_rgb("bt709") @ np.linalg.inv(_of_rgb(matrix))).astype(np.float32)


def _of_rgb(matrix: str) -> NDArray[np.float64]:
    red, green, blue = _WEIGHTS[matrix]
    luma = np.array((red, green, blue))
    return np.array((luma, (np.array((0, 0, 1)) - luma) / (2 - 2 * blue), (np.array((1, 0, 0)) - luma) / (2 - 2 * red)))
