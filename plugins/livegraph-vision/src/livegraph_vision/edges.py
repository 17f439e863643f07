"""Edge maps of a luma plane."""

from __future__ import annotations

import numpy as np

from livegraph import Image
from livegraph_vision.luma import Luma
from livegraph_vision.opencv import cv2
from livegraph_vision.planes import BLACK, WHITE

FIRST_BLUR = (3, 3)


def canny(source: Luma, low: float, high: float, l2gradient: bool, full_range: bool) -> Image:
    """Edges white on black. Thresholds are in full-range grey: for limited-range luma they are scaled, not the
    pixels, since a gradient does not care where black is.
    """
    scaled = cv2.Canny(source.plane, low * source.span, high * source.span, L2gradient=l2gradient)
    edges = np.asarray(scaled, np.uint8)
    return edges if full_range else np.clip(edges, np.uint8(BLACK), np.uint8(WHITE), out=edges)


def gradient(plane: Image, scale: float) -> Image:
    """The length of the gradient, uint8 [H, W]: 3x3 Sobel, times `scale`, saturated.

    sqrt(x^2 + y^2) is taken as 0.96 max(|x|, |y|) + 0.4 min(|x|, |y|), within 4 % (alpha max plus beta min): integers
    all the way, which is three times as fast as floats.
    """
    dx, dy = cv2.spatialGradient(plane)
    across = cv2.convertScaleAbs(dx, alpha=scale)
    down = cv2.convertScaleAbs(dy, alpha=scale)
    longer, shorter = cv2.max(across, down), cv2.min(across, down)
    return np.asarray(cv2.addWeighted(longer, 0.96, shorter, 0.4, 0, dst=longer), np.uint8)


def soft_edges(source: Luma, octaves: int) -> Image:
    """Gradients of the picture at `octaves` sizes, each half the one before, averaged: bright cores, soft shoulders.

    uint8 [H, W]; a step from black to white gives about 255.
    """
    blurred = np.asarray(cv2.GaussianBlur(source.plane, FIRST_BLUR, 0), np.uint8)
    levels = [blurred]
    while len(levels) < octaves and min(levels[-1].shape) >= 8:
        levels.append(np.asarray(cv2.pyrDown(levels[-1]), np.uint8))
    scale = 1 / (3 * source.span)
    total = gradient(levels[-1], scale)
    for weight, level in enumerate(reversed(levels[:-1]), start=2):
        wide = cv2.resize(total, level.shape[::-1], interpolation=cv2.INTER_LINEAR)
        total = np.asarray(cv2.addWeighted(gradient(level, scale), 1 / weight, wide, 1 - 1 / weight, 0), np.uint8)
    return total
