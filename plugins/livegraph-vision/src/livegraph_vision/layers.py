"""Layers of full-range rgb24 pictures, uint8 [H, W, 3]."""

from __future__ import annotations

from typing import Literal

import numpy as np

from livegraph import Image
from livegraph_vision.luma import luma_of
from livegraph_vision.opencv import cv2
from livegraph_vision.scaling import scale_plane

LayerMode = Literal["over", "mask", "add", "screen", "multiply", "difference"]


def layer(below: Image, above: Image, mode: LayerMode) -> Image:
    """`above`, at the size of `below`, as it meets `below` in full; see `Composite`."""
    above = scale_plane(above, below.shape[1::-1])
    if mode == "add":
        mixed = cv2.add(below, above)
    elif mode == "screen":
        mixed = cv2.bitwise_not(cv2.multiply(cv2.bitwise_not(below), cv2.bitwise_not(above), scale=1 / 255))
    elif mode == "multiply":
        mixed = cv2.multiply(below, above, scale=1 / 255)
    elif mode == "difference":
        mixed = cv2.absdiff(below, above)
    else:
        return above
    return np.asarray(mixed, np.uint8)


def blend(below: Image, over: Image, opacity: float, mask: Image | None = None) -> Image:
    """below + (over - below) opacity mask / 255; `mask` is uint8 of any size.

    With a mask, within one level of that: 8 bits all the way, a third of the time that floats take.
    """
    if mask is None:
        if opacity == 1:
            return over
        return np.asarray(cv2.addWeighted(below, 1 - opacity, over, opacity, 0), np.uint8)
    share = cv2.convertScaleAbs(scale_plane(mask, below.shape[1::-1]), alpha=opacity)
    shares = cv2.cvtColor(share, cv2.COLOR_GRAY2RGB)
    shown = cv2.multiply(over, shares, scale=1 / 255)
    rest = cv2.multiply(below, cv2.bitwise_not(shares, dst=shares), scale=1 / 255)
    return np.asarray(cv2.add(rest, shown, dst=rest), np.uint8)


def brightness(picture: Image) -> Image:
    """How bright a picture is, as a mask: uint8 [H, W]."""
    return luma_of(picture).plane
