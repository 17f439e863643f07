"""Five by seven dot letters for clocks and counters."""

from __future__ import annotations

import numpy as np

from livegraph import Image

_GLYPHS = {
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00110 01000 10000 11111",
    "3": "11110 00001 00001 01110 00001 00001 11110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "00110 01000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00010 01100",
    ":": "00000 00100 00100 00000 00100 00100 00000",
    ".": "00000 00000 00000 00000 00000 01100 01100",
    "#": "01010 01010 11111 01010 11111 01010 01010",
    " ": "00000 00000 00000 00000 00000 00000 00000",
}


class Lettering:
    """Digits at one scale, drawn in white on a plate darkened to a third."""

    def __init__(self, scale: int) -> None:
        """`scale`: pixels per dot."""
        self._margin = 2 * scale
        self._letters = {letter: _mask(rows, scale) for letter, rows in _GLYPHS.items()}

    def write(self, canvas: Image, text: str, x: int, y: int) -> None:
        """Write digits, `:`, `.`, `#` and blanks with the plate's corner at (x, y); what does not fit is cut off."""
        mask = np.concatenate([self._letters[letter] for letter in text], axis=1)
        mask = np.pad(mask, self._margin)
        plate = canvas[y : y + mask.shape[0], x : x + mask.shape[1]]
        mask = mask[: plate.shape[0], : plate.shape[1]]
        plate //= 3
        plate[mask] = 255


def _mask(rows: str, scale: int) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    dots = np.array([[dot == "1" for dot in row + "0"] for row in rows.split()])
    return dots.repeat(scale, 0).repeat(scale, 1)
