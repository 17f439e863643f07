"""vision.soft_edge."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from livegraph import Frame, Image, Param
from livegraph_vision.luma_filter import LumaFilter
from livegraph_vision.planes import BLACK, WHITE

if TYPE_CHECKING:
    from livegraph_vision.luma import Luma

STRONG = 0.98
"""The share of pixels below the gradient that counts as a strong edge."""
FAINTEST = 24.0
"""A picture whose strong edges are weaker than this is not brought up further, so that noise stays dark."""


class SoftEdge(LumaFilter):
    """Soft white edges on black, from gradients at several widths.

    Brightness follows the scene: strong edges (the 98th percentile) come out near white, in a dim picture too. What
    counts as strong drifts with the time constant `adapt`, so that the lines do not flicker with the content.
    """

    octaves: int = Param(3, ge=1, le=6, live=True, doc="widths that are mixed, each twice the one before: 1 is crisp")
    strength: float = Param(1.0, ge=0, le=8, live=True, doc="brightness of the edges; 1 brings strong ones near white")
    adapt: float = Param(2.0, ge=0, le=60, live=True, unit="s", doc="time to follow the scene's contrast; 0: at once")

    def setup(self) -> None:
        super().setup()
        from livegraph_vision.edges import soft_edges
        from livegraph_vision.opencv import cv2

        self._soft_edges, self._lut = soft_edges, cv2.LUT
        self.reset()

    def reset(self) -> None:
        self._strong: float | None = None
        self._pts_ns = 0

    def draw(self, source: Luma, full_range: bool, frame: Frame) -> Image:
        edges = self._soft_edges(source, self.octaves)
        gain = self.strength / self._follow(_strong_level(edges), frame.pts_ns)
        return np.asarray(self._lut(edges, _response(gain, full_range)), np.uint8)

    def _follow(self, level: float, pts_ns: int) -> float:
        """The level of strong edges, smoothed over stream time (not over frames, nor over the clock)."""
        if self._strong is None or self.adapt == 0:
            self._strong = level
        else:
            elapsed = max(0, pts_ns - self._pts_ns) / 1e9
            self._strong += (level - self._strong) * (1 - math.exp(-elapsed / self.adapt))
        self._pts_ns = pts_ns
        return self._strong


def _strong_level(edges: Image) -> float:
    """The gradient of strong edges, 24..255, from every 16th pixel."""
    counts = np.bincount(edges[::4, ::4].ravel(), minlength=256)
    return max(FAINTEST, float(np.searchsorted(np.cumsum(counts), STRONG * counts.sum())))


def _response(gain: float, full_range: bool) -> Image:
    """Gradient to brightness, uint8 [256]: straight at first, then bent so that nothing is cut off (tanh)."""
    black, white = (0, 255) if full_range else (BLACK, WHITE)
    response = np.tanh(1.5 * gain * np.arange(256))
    return np.asarray((black + (white - black) * response).round(), np.uint8)
