"""Scaling pictures, plane by plane."""

from __future__ import annotations

from typing import Literal

import numpy as np

from livegraph import Image, Size, Yuv420p, size_of
from livegraph_vision.opencv import cv2
from livegraph_vision.planes import BLACK, Picture, planes_of, with_planes
from livegraph_vision.sizes import Fit, Rect, place

Interpolation = Literal["auto", "nearest", "linear", "area", "cubic", "lanczos"]

FILTERS: dict[Interpolation, int] = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "area": cv2.INTER_AREA,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}


def scale_plane(plane: Image, size: Size, interpolation: Interpolation = "auto") -> Image:
    """A plane at another size. `auto` halves by averaging 2x2 pixels while it can, and is linear for the rest: as
    smooth as `area` on the way down, and several times as fast where the ratio is no whole number.
    """
    if plane.shape[1::-1] == size:
        return plane
    if interpolation == "auto":
        return _resized(_halved(plane, size), size, "linear")
    return _resized(plane, size, interpolation)


def _halved(plane: Image, size: Size) -> Image:
    """The plane halved, each way as often as it stays at least `size`; an odd last row or column is averaged in."""
    height, width = plane.shape[:2]
    while width >= 2 * size[0] or height >= 2 * size[1]:
        width = (width + 1) // 2 if width >= 2 * size[0] else width
        height = (height + 1) // 2 if height >= 2 * size[1] else height
        plane = _resized(plane, (width, height), "area")
    return plane


def _resized(plane: Image, size: Size, interpolation: Interpolation) -> Image:
    if plane.shape[1::-1] == size:
        return plane
    return np.asarray(cv2.resize(plane, size, interpolation=FILTERS[interpolation]), np.uint8)


def scale(picture: Picture, size: Size, mode: Fit, interpolation: Interpolation = "auto") -> Picture:
    """The picture at another size; the same object where nothing changes.

    Luma and chroma are scaled apart, each about its own centre: chroma that was sited to the left of its luma pair
    moves by less than half a pixel.
    """
    crop, inner, outer = place(size_of(picture), size, mode)
    scaled = []
    for plane, black, step in zip(planes_of(picture), _black(picture), (1, 2, 2), strict=False):
        part = _cut(plane, _subsampled(crop, step))
        room, canvas = _subsampled(inner, step), _subsampled(Rect(0, 0, *outer), step)
        scaled.append(_on_canvas(scale_plane(part, (room.width, room.height), interpolation), room, canvas, black))
    same = all(new is old for new, old in zip(scaled, planes_of(picture), strict=True))
    return picture if same else with_planes(picture, scaled)


def _black(picture: Picture) -> tuple[int, ...]:
    if isinstance(picture, Yuv420p):
        return (0 if picture.full_range else BLACK), 128, 128
    return (0,)


def _subsampled(rect: Rect, step: int) -> Rect:
    """The rectangle in a plane that has every `step`th sample; a last odd one counts."""
    return Rect(rect.x // step, rect.y // step, -(-rect.width // step), -(-rect.height // step))


def _cut(plane: Image, rect: Rect) -> Image:
    if (rect.height, rect.width) == plane.shape[:2]:
        return plane
    return plane[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]


def _on_canvas(plane: Image, room: Rect, canvas: Rect, black: int) -> Image:
    if (room.width, room.height) == (canvas.width, canvas.height):
        return plane
    whole = np.full((canvas.height, canvas.width, *plane.shape[2:]), black, np.uint8)
    whole[room.y : room.y + room.height, room.x : room.x + room.width] = plane
    return whole
