"""Picture files, read upright and cut to a size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from livegraph import InputError, Size
from livegraph_wan.grid import MULTIPLE

if TYPE_CHECKING:
    from PIL.Image import Image

    from livegraph_wan.backend import Pictures


def read_picture(path: Path, size: Size) -> Pictures:
    """`[H, W, 3]` uint8 of `size` (width, height), filled: what does not fit is cut off evenly. What is transparent is
    black. `InputError` where it is no picture.
    """
    from PIL import Image, ImageOps

    with _opened(path) as image:
        filled = ImageOps.fit(image.convert("RGBA"), size, Image.Resampling.LANCZOS)
    black = Image.new("RGBA", size, "black")
    return np.asarray(Image.alpha_composite(black, filled).convert("RGB"))


def picture_size(path: Path) -> Size:
    """Width and height, upright. `InputError` where it is no picture."""
    with _opened(path) as image:
        return image.size


@contextmanager
def _opened(path: Path) -> Iterator[Image]:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            yield ImageOps.exif_transpose(image)
    except FileNotFoundError:
        raise InputError(f"no picture {path}") from None
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise InputError(f"{path} is no picture that can be read: {error}") from None


def shaped_like(picture: Size, room: Size) -> Size:
    """As many pixels as `room` has, in the shape of `picture`, in multiples of 16: as Wan sizes what it makes."""
    area, shape = room[0] * room[1], picture[1] / picture[0]
    width, height = (
        max(MULTIPLE, int(side) // MULTIPLE * MULTIPLE) for side in (sqrt(area / shape), sqrt(area * shape))
    )
    return width, height
