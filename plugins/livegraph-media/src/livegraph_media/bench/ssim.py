"""How alike two films look: SSIM of their luma.

Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, Image quality assessment: from error visibility to structural
similarity, IEEE Transactions on Image Processing 13(4), 2004: equation 13, Gaussian window 11x11, sigma 1.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from livegraph import Image
from livegraph_media.planes import views

_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ssim(a: Image, b: Image) -> float:
    """1 for equal planes uint8 [H, W]; the mean over all windows that lie inside."""
    x, y = a.astype(np.float32), b.astype(np.float32)
    mean_x, mean_y = _mean(x), _mean(y)
    var_x, var_y = _mean(x * x) - mean_x**2, _mean(y * y) - mean_y**2
    cov = _mean(x * y) - mean_x * mean_y
    above = (2 * mean_x * mean_y + _C1) * (2 * cov + _C2)
    below = (mean_x**2 + mean_y**2 + _C1) * (var_x + var_y + _C2)
    return float(np.mean((above / below)[5:-5, 5:-5]))


def likeness(a: Path, b: Path, every: int = 10) -> float:
    """The mean SSIM over each tenth frame, from the first on."""
    pairs = enumerate(zip(_luma(a), _luma(b), strict=False))
    return float(np.mean([ssim(left, right) for number, (left, right) in pairs if number % every == 0]))


def frame_count(path: Path) -> int:
    """By decoding: what a file says of itself may be wrong."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def _luma(path: Path) -> Iterator[Image]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield views(frame)[0]


def _mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5), np.float32)
