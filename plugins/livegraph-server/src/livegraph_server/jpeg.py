"""Pictures as JPEG. A JPEG is full-range BT.601 YUV (JFIF 1.02), so YUV that is not goes through a small matrix."""

from __future__ import annotations

from functools import cache

import numpy as np
import simplejpeg  # type: ignore[import-untyped]
from numpy.typing import NDArray

from livegraph import Image, Yuv420p

_WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}
"""Kr and Kb (BT.601-7 2.5.1, BT.709-6 3.2)."""


def encode(picture: Image | Yuv420p, quality: int) -> bytes:
    """A JPEG of an rgb24, gray8 or yuv420p picture; `quality` 1..100. Chroma is halved both ways."""
    if isinstance(picture, Yuv420p):
        return bytes(simplejpeg.encode_jpeg_yuv_planes(*_full_bt601(picture), quality=quality))
    if picture.ndim == 2:
        return bytes(simplejpeg.encode_jpeg(picture[..., None], quality, "GRAY", "Gray"))
    return bytes(simplejpeg.encode_jpeg(picture, quality, "RGB", "420"))


def _full_bt601(picture: Yuv420p) -> tuple[Image, Image, Image]:
    """The planes as JPEG has them: the picture's own where they are so already."""
    if picture.full_range and picture.matrix == "bt601":
        return picture.y, picture.u, picture.v
    luma, cb, cr = _centred(picture)
    if picture.matrix == "bt601":
        return _to_bytes(luma), _to_bytes(cb + 128), _to_bytes(cr + 128)
    turn = _from_bt709()
    height, width = luma.shape
    shift = (turn[0, 1] * cb + turn[0, 2] * cr).repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    chroma = (turn[row, 1] * cb + turn[row, 2] * cr for row in (1, 2))
    return _to_bytes(luma + shift), *(_to_bytes(plane + 128) for plane in chroma)  # type: ignore[return-value]


def _centred(picture: Yuv420p) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Luma 0..255, chroma -128..128."""
    luma, cb, cr = (plane.astype(np.float32) for plane in (picture.y, picture.u, picture.v))
    if picture.full_range:
        return luma, cb - 128, cr - 128
    up = np.float32(255 / 224)
    return (luma - 16) * np.float32(255 / 219), (cb - 128) * up, (cr - 128) * up


@cache
def _from_bt709() -> NDArray[np.float32]:
    """BT.709 YCbCr to BT.601 YCbCr, both full range and centred: over RGB and back. Luma reaches luma alone."""
    return (_to_yuv("bt601") @ np.linalg.inv(_to_yuv("bt709"))).astype(np.float32)


def _to_yuv(matrix: str) -> NDArray[np.float64]:
    red, blue = _WEIGHTS[matrix]
    luma = np.array([red, 1 - red - blue, blue])
    cb = (np.array([0, 0, 1]) - luma) / (2 * (1 - blue))
    cr = (np.array([1, 0, 0]) - luma) / (2 * (1 - red))
    return np.stack([luma, cb, cr])


def _to_bytes(plane: NDArray[np.float32]) -> Image:
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)
