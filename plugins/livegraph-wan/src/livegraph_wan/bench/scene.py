"""A drawn scene that ends as it began: it can be shown for hours, and any two rounds of it are alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livegraph_wan.backend import Pictures

Plane = NDArray[np.float32]

ROUND = 120
"""Frames until it begins again: 4 s at 30 fps."""
_SPREAD = 64
"""The noise is drawn once, this much larger than a picture, and each picture gets another cut of it."""
_DISCS = (((230, 70, 60), 1, 2, 0.16), ((70, 190, 90), 2, 1, 0.12), ((60, 90, 220), 3, 2, 0.09))
"""Colour, turns per round across and down, and radius as a share of the height."""


def moving(size: tuple[int, int], frames: int = ROUND) -> Pictures:
    """One round `[frames, H, W, 3]` of pictures of `size` (width, height): discs that circle over a woven ground."""
    width, height = size
    y, x = np.mgrid[:height, :width].astype(np.float32)
    ground = np.stack([x / width, y / height, 1 - x / width], -1) * 90 + 60
    ground += 18 * (np.sin(x / 5) * np.sin(y / 7))[..., None]
    return np.stack([_frame(ground, x, y, frame / frames) for frame in range(frames)])


def still(size: tuple[int, int], frames: int = 4) -> Pictures:
    """The scene's first picture, `frames` times."""
    return np.repeat(moving(size, 1), frames, 0)


class Grain:
    """The noise of a camera, so that no picture comes twice: `amount` levels, of normal distribution."""

    def __init__(self, size: tuple[int, int], amount: float = 2.0, seed: int = 7) -> None:
        width, height = size
        self._chance = np.random.default_rng(seed)
        tile = self._chance.normal(0, amount, (height + _SPREAD, width + _SPREAD, 3))
        self._tile = tile.round().astype(np.int16)

    def on(self, pictures: Pictures) -> Pictures:
        """`[T, H, W, 3]` with it."""
        height, width = pictures.shape[1:3]
        places = self._chance.integers(0, _SPREAD, (len(pictures), 2))
        grain = np.stack([self._tile[y : y + height, x : x + width] for y, x in places])
        return (pictures + grain).clip(0, 255).astype(np.uint8)


def _frame(ground: Plane, x: Plane, y: Plane, at: float) -> Pictures:
    height, width = x.shape
    picture = ground.copy()
    for colour, across, down, radius in _DISCS:
        centre_x = width * (0.5 + 0.32 * np.cos(2 * np.pi * across * at))
        centre_y = height * (0.5 + 0.32 * np.sin(2 * np.pi * down * at))
        inside = np.clip(radius * height - np.hypot(x - centre_x, y - centre_y), 0, 1)[..., None]
        picture += inside * (np.asarray(colour, np.float32) - picture)
    return picture.round().clip(0, 255).astype(np.uint8)
