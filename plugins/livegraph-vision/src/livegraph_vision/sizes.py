"""Sizes and where a picture goes in a frame of another shape. Plain numbers, no pixels."""

from __future__ import annotations

from typing import Literal, NamedTuple

from livegraph import Size

SIZE = r"^[1-9]\d{0,4}x[1-9]\d{0,4}$"
"""How a size is written: WIDTHxHEIGHT."""

Fit = Literal["fit", "fill", "stretch", "letterbox"]


class Rect(NamedTuple):
    """A rectangle in pixels; the origin is the top left corner."""

    x: int
    y: int
    width: int
    height: int


class Placement(NamedTuple):
    """Take `crop` of the source, scale it to the size of `inner`, put it there in a canvas of size `outer`."""

    crop: Rect
    inner: Rect
    outer: Size


def parse_size(text: str) -> Size:
    """`640x360` as (640, 360)."""
    width, height = text.split("x")
    return int(width), int(height)


def place(source: Size, target: Size, mode: Fit) -> Placement:
    """Where a picture of size `source` goes.

    Lengths that aspect decides are rounded to even numbers, and offsets are even, so that halved chroma planes line
    up with luma.
    """
    whole = Rect(0, 0, *source)
    if mode == "stretch":
        return Placement(whole, Rect(0, 0, *target), target)
    if mode == "fill":
        return Placement(_centred(_inside(target, source), source), Rect(0, 0, *target), target)
    inner = _inside(source, target)
    if mode == "fit":
        return Placement(whole, Rect(0, 0, *inner), inner)
    return Placement(whole, _centred(inner, target), target)


def _inside(shape: Size, box: Size) -> Size:
    """The largest size with the aspect of `shape` that is not larger than `box`."""
    if shape[0] * box[1] >= shape[1] * box[0]:
        return box[0], min(box[1], _even(box[0] * shape[1] / shape[0]))
    return min(box[0], _even(box[1] * shape[0] / shape[1])), box[1]


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


def _centred(size: Size, box: Size) -> Rect:
    """`size` in the middle of `box`, at an even offset."""
    return Rect((box[0] - size[0]) // 2 & ~1, (box[1] - size[1]) // 2 & ~1, *size)
