"""A picture at the size that a graph asks for: cropped to fill it, or letterboxed to be seen whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np

from livegraph import Image, Size, Yuv420p, size_of
from livegraph_webrtc.planes import scaled

Fit: TypeAlias = Literal["crop", "letterbox"]


def parse_size(text: str, hint: Size | None) -> Size | None:
    """`WxH` as numbers, made even; `auto` is what downstream prefers, if anything; `source` is None: as it comes."""
    if text == "source":
        return None
    width, height = (hint or (0, 0)) if text == "auto" else (int(side) for side in text.split("x"))
    return (width // 2 * 2, height // 2 * 2) if width else None


class Fitter:
    """Makes pictures of one size (None: each as it comes). Says it when what is cut off or framed changes."""

    def __init__(self, size: Size | None, fit: Fit, say: Callable[[str], None]) -> None:
        self._size = size
        self._fit = fit
        self._say = say
        self._told: Size | None = None

    def picture(self, picture: Yuv420p) -> Yuv420p:
        """The very picture where it has the size already."""
        source, size = size_of(picture), self._size
        if size is None or source == size:
            return picture
        if self._fit == "crop":
            shown = scaled(cropped(picture, size), size)
        else:
            shown = letterboxed(scaled(picture, inner_size(source, size)), size)
        self._tell(source, size)
        return shown

    def _tell(self, source: Size, size: Size) -> None:
        if source == self._told:
            return
        self._told = source
        if source[0] * size[1] != source[1] * size[0]:
            done = "cropped to" if self._fit == "crop" else "letterboxed into"
            self._say(f"{source[0]}x{source[1]} is {done} {size[0]}x{size[1]} (`fit`: crop or letterbox)")


def cropped(picture: Yuv420p, proportions: Size) -> Yuv420p:
    """The middle of the picture in the proportions of another size, as views. It begins and ends on even pixels."""
    width, height = size_of(picture)
    wide = min(width, round(height * proportions[0] / proportions[1])) // 2 * 2 or 2
    high = min(height, round(width * proportions[1] / proportions[0])) // 2 * 2 or 2
    left, top = (width - wide) // 4 * 2, (height - high) // 4 * 2
    rows, columns = slice(top // 2, (top + high) // 2), slice(left // 2, (left + wide) // 2)
    luma = picture.y[top : top + high, left : left + wide]
    return Yuv420p(luma, picture.u[rows, columns], picture.v[rows, columns], picture.matrix, picture.full_range)


def inner_size(source: Size, target: Size) -> Size:
    """The largest even size in the proportions of `source` that fits into `target`."""
    ratio = min(target[0] / source[0], target[1] / source[1])
    width, height = (max(2, round(side * ratio) // 2 * 2) for side in source)
    return min(width, target[0]), min(height, target[1])


def letterboxed(picture: Yuv420p, size: Size) -> Yuv420p:
    """The picture in the middle of a black one."""
    width, height = size_of(picture)
    left, top = (size[0] - width) // 4 * 2, (size[1] - height) // 4 * 2
    y = _framed(picture.y, size, left, top, 0 if picture.full_range else 16)
    half = size[0] // 2, size[1] // 2
    u, v = (_framed(plane, half, left // 2, top // 2, 128) for plane in (picture.u, picture.v))
    return Yuv420p(y, u, v, picture.matrix, picture.full_range)


def _framed(plane: Image, size: Size, left: int, top: int, level: int) -> Image:
    canvas: Image = np.full((size[1], size[0]), level, np.uint8)
    canvas[top : top + plane.shape[0], left : left + plane.shape[1]] = plane
    return canvas
