"""Where a picture goes on a screen, and how large a window to open. Plain numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from livegraph import Size

SIZE = r"^(auto|[1-9]\d{0,4}x[1-9]\d{0,4})$"
"""How a window's size is written: `auto`, or WIDTHxHEIGHT."""

SMALL = 480
"""A window shorter than this, in lines, is hard to see: `auto` doubles small pictures up to it."""
MARGIN = 0.9
"""The share of the desktop that an `auto` window may take, which leaves room for its frame and for panels."""


class Rect(NamedTuple):
    """A rectangle in pixels; the origin is the top left corner."""

    x: int
    y: int
    width: int
    height: int


def fitted(picture: Size, window: Size) -> Rect:
    """The largest rectangle of the picture's aspect in the window, centred."""
    scale = min(window[0] / picture[0], window[1] / picture[1])
    width = min(window[0], max(1, round(picture[0] * scale)))
    height = min(window[1], max(1, round(picture[1] * scale)))
    return Rect((window[0] - width) // 2, (window[1] - height) // 2, width, height)


def window_size(asked: str, picture: Size, desktop: Size) -> Size:
    """The size asked for; for `auto` the picture's, doubled while it is small, at most 0.9 of the desktop."""
    if asked != "auto":
        width, height = asked.split("x")
        return int(width), int(height)
    factor = 1
    while picture[1] * factor < SMALL:
        factor *= 2
    room = (max(1, int(desktop[0] * MARGIN)), max(1, int(desktop[1] * MARGIN)))
    if picture[0] * factor <= room[0] and picture[1] * factor <= room[1]:
        return picture[0] * factor, picture[1] * factor
    return fitted(picture, room)[2:]
