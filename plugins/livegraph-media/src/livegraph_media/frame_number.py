"""A frame number that machines read off a picture: a strip of black and white cells along the lower edge.

32 cells: white, black (the reference levels), 20 bits of the number from the highest down, 8 bits of CRC-8 over them,
black, white. The strip survives H.264, scaling, grey and a change of range; cropping or painting over it does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livegraph import Image, Yuv420p

BITS = 20
"""Numbers wrap at 2**20: after 9.7 hours at 30 fps."""
CELLS = BITS + 12
STRIP_SHARE = 24
"""The strip takes 1/24 of the picture's height."""
_LEAST_CONTRAST = 48
_CLEAR = 0.3


def strip_height(height: int) -> int:
    """Rows that the strip takes in a picture of `height` rows."""
    return max(4, round(height / STRIP_SHARE))


def draw_frame_number(picture: Image, number: int) -> None:
    """Draw the strip into an rgb24 or gray8 picture, in place. At least 64 pixels wide, so that a cell has two."""
    height, width = picture.shape[:2]
    if width < 2 * CELLS:
        raise ValueError(f"a picture {width} pixels wide has no room for {CELLS} cells: at least {2 * CELLS}")
    row = _cells(number % (1 << BITS))[(2 * np.arange(width) + 1) * CELLS // (2 * width)]
    picture[height - strip_height(height) :] = row[:, None] if picture.ndim == 3 else row


def read_frame_number(picture: Image | Yuv420p) -> int | None:
    """The number on a picture of any size, 0 to 2**20 - 1; None where there is no strip, or it cannot be trusted."""
    plane = picture.y if isinstance(picture, Yuv420p) else picture
    height, width = plane.shape[:2]
    rows = strip_height(height)
    if width < CELLS or height < rows:
        return None
    strip = plane[height - rows + rows // 4 : height - rows // 4].astype(np.float32)
    levels = _cell_means(strip.mean(axis=(0, 2) if strip.ndim == 3 else 0))
    bits = _bits(levels)
    return None if bits is None else _number(bits)


def _cells(number: int) -> NDArray[np.uint8]:
    word = number << 8 | _crc8(number)
    bits = [word >> shift & 1 for shift in range(BITS + 7, -1, -1)]
    return np.array([1, 0, *bits, 0, 1], np.uint8) * np.uint8(255)


def _cell_means(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean level of the pixels whose centres lie in the middle half of each cell; at least the middle pixel."""
    cell = row.shape[0] / CELLS
    left = np.arange(CELLS) * cell
    starts = np.minimum(np.ceil(left + cell / 4 - 0.5), np.floor(left + cell / 2)).astype(int)
    ends = np.maximum(np.floor(left + 3 * cell / 4 - 0.5).astype(int) + 1, starts + 1)
    sums = np.concatenate(([0.0], np.cumsum(row, dtype=np.float64)))
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts), np.float32)


def _bits(levels: NDArray[np.float32]) -> NDArray[np.bool_] | None:
    """The cells between the reference cells as bits; None unless each is clearly black or white."""
    white = min(levels[0], levels[-1])
    black = max(levels[1], levels[-2])
    if white - black < _LEAST_CONTRAST:
        return None
    share = (levels[2:-2] - black) / (white - black)
    if np.any((share > _CLEAR) & (share < 1 - _CLEAR)):
        return None
    return np.asarray(share > 0.5)


def _number(bits: NDArray[np.bool_]) -> int | None:
    word = 0
    for bit in bits:
        word = word << 1 | int(bit)
    number, check = word >> 8, word & 0xFF
    return number if check == _crc8(number) else None


def _crc8(number: int) -> int:
    """CRC-8 (x^8 + x^2 + x + 1) over the number's 20 bits, xored with 0x55 so that number 0 is not all black."""
    remainder = number << 8
    for shift in range(BITS + 7, 7, -1):
        if remainder >> shift & 1:
            remainder ^= 0x107 << (shift - 8)
    return remainder ^ 0x55
