"""A picture on a canvas of another size. Plain NumPy."""

from __future__ import annotations

import numpy as np

from livegraph import Image, Size, size_of


def even(size: Size) -> Size:
    """The size without an odd edge: cameras speak 4:2:0."""
    return max(2, size[0] - size[0] % 2), max(2, size[1] - size[1] % 2)


def letterboxed(picture: Image, canvas: Size) -> Image:
    """The picture in the middle of a black canvas, its aspect kept, scaled to fit by nearest pixels. One that is larger
    by its odd edge alone is cut.
    """
    width, height = size_of(picture)
    if even((width, height)) == canvas:
        return np.ascontiguousarray(picture[: canvas[1], : canvas[0]])
    scale = min(canvas[0] / width, canvas[1] / height)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    rows, columns = _nearest(high, height), _nearest(wide, width)
    left, top = (canvas[0] - wide) // 2, (canvas[1] - high) // 2
    framed: Image = np.zeros((canvas[1], canvas[0], 3), np.uint8)
    framed[top : top + high, left : left + wide] = picture[rows[:, None], columns]
    return framed


def _nearest(target: int, source: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Which of `source` pixels lies under the middle of each of `target`."""
    return ((np.arange(target) + 0.5) * (source / target)).astype(np.intp)
