"""What the drawn scenes are made of: smooth masks, fractal noise, and sprites that blend onto a picture."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from livegraph import Image

Grid: TypeAlias = NDArray[np.floating[Any]]
"""[H, W] or [H, W, 3]; colours and masks in 0..1."""
Colour: TypeAlias = tuple[float, ...]
"""Red, green, blue in 0..1."""


def smoothstep(low: float, high: float, x: Grid) -> Grid:
    """0 below `low`, 1 above `high`, smooth between; falling where `high` < `low`."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def mix(a: Grid | Colour, b: Grid | Colour, share: Grid) -> Grid:
    """`a` where `share` is 0, `b` where it is 1; colours spread over the mask."""
    share = share[..., None] if share.ndim == 2 else share
    return np.asarray(np.asarray(a, np.float32) * (1 - share) + np.asarray(b, np.float32) * share, np.float32)


def noise(height: int, width: int, slope: float, seed: int) -> Grid:
    """Fractal noise in 0..1, mean 0.5, that tiles both ways; its spectrum falls as 1 / f**slope."""
    white = np.random.default_rng(seed).standard_normal((height, width))
    fy = np.fft.fftfreq(height)[:, None] * height
    fx = np.fft.rfftfreq(width)[None, :] * width
    frequency = np.hypot(fy, fx * height / width)
    frequency[0, 0] = np.inf
    field = np.fft.irfft2(np.fft.rfft2(white) * frequency**-slope, s=(height, width))
    return np.asarray(np.clip(0.5 + field / (5 * field.std()), 0, 1), np.float32)


def to_image(colours: Grid) -> Image:
    """0..1 as uint8."""
    return np.asarray(np.clip(colours * 255 + 0.5, 0, 255), np.uint8)


class Sprite:
    """A small picture with soft edges that is blended onto an rgb24 canvas: premultiplied, 8.8 fixed point."""

    def __init__(self, colours: Grid, alpha: Grid) -> None:
        """`colours` [H, W, 3] and `alpha` [H, W], both 0..1."""
        self.height, self.width = alpha.shape
        weight = np.repeat(np.rint(np.clip(alpha, 0, 1) * 256).astype(np.uint16), 3, axis=1)
        self._behind = 256 - weight
        self._premultiplied = to_image(colours).reshape(self.height, -1) * weight

    def blend(self, canvas: Image, x: int, y: int) -> None:
        """Draw with the upper left corner at (x, y); what lies outside the canvas is cut off."""
        top, bottom = max(y, 0), min(y + self.height, canvas.shape[0])
        left, right = max(x, 0), min(x + self.width, canvas.shape[1])
        if top >= bottom or left >= right:
            return
        rows, columns = slice(top - y, bottom - y), slice(3 * (left - x), 3 * (right - x))
        under = canvas.reshape(canvas.shape[0], -1)[top:bottom, 3 * left : 3 * right]
        mixed = np.multiply(under, self._behind[rows, columns], dtype=np.uint16)
        mixed += self._premultiplied[rows, columns]
        mixed >>= 8
        under[...] = mixed


class Panorama(Sprite):
    """A strip that repeats sideways: `pan` draws the window that begins at a given column."""

    def __init__(self, colours: Grid, alpha: Grid) -> None:
        self.period = alpha.shape[1]
        super().__init__(np.concatenate([colours, colours], axis=1), np.concatenate([alpha, alpha], axis=1))

    def pan(self, canvas: Image, shift: int, y: int) -> None:
        """Draw over the canvas's whole width, `shift` columns further to the left."""
        start = shift % self.period
        rows = slice(y, y + self.height)
        columns = slice(3 * start, 3 * (start + canvas.shape[1]))
        under = canvas.reshape(canvas.shape[0], -1)[rows]
        mixed = np.multiply(under, self._behind[:, columns], dtype=np.uint16)
        mixed += self._premultiplied[:, columns]
        mixed >>= 8
        under[...] = mixed
