"""How much two pictures look alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livegraph_vision.luma import expand, luma_of
from livegraph_vision.planes import Picture
from livegraph_vision.scaling import scale_plane

THUMBNAIL = (64, 64)


def thumbnail(picture: Picture) -> NDArray[np.float32]:
    """Full-range grey, float32 [64 * 64], averaged over areas, scaled to length 1; all zero where it is black."""
    luma = luma_of(picture)
    small = scale_plane(luma.plane, THUMBNAIL)
    grey = (small if luma.full_range else expand(small)).ravel().astype(np.float32)
    length = np.linalg.norm(grey)
    return np.asarray(grey / length, np.float32) if length > 0 else grey


def cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The cosine of the angle between two thumbnails, 0..1; two black ones are alike (1)."""
    if not one.any() and not other.any():
        return 1.0
    return float(one @ other)
