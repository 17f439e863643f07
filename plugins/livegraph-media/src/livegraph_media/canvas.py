"""Pictures made alike for an encoder: all in the size, the matrix and the range of the first one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from livegraph import InputError, Size, Yuv420p, pixel_format, size_of
from livegraph_media.convert import gray8_to_yuv420p, rgb24_to_yuv420p
from livegraph_media.ffmpeg import VideoFrame
from livegraph_media.fit import fitted
from livegraph_media.planes import frame_of, resized


class Canvas:
    """What an encoder gets. `size` is that of the first picture, made even; `like` has its matrix and range."""

    def __init__(self, first: Yuv420p, say: Callable[[str], None], doing: str, done: str) -> None:
        """`doing`, `done`: what becomes of the pictures, in words ("recording", "recorded")."""
        width, height = size_of(first)
        self.like = first
        self.size: Size = _even(width, height)
        self._say, self._done = say, done
        self._told_of_size = False
        if self.size != (width, height):
            say(f"{doing} {width}x{height} as {self.size[0]}x{self.size[1]}: its odd edge is there twice")

    def frame(self, picture: Yuv420p) -> VideoFrame:
        """A copy of the picture as it is encoded; one of another size is letterboxed, which is said once."""
        width, height = size_of(picture)
        if _even(width, height) != self.size:
            self._tell_of_size(width, height)
            picture = fitted(frame_of(picture), self.size, "letterbox")
        frame = frame_of(_with_even_luma(picture))
        if (picture.matrix, picture.full_range) != (self.like.matrix, self.like.full_range):
            frame = resized(frame, self.size, "yuv420p", self.like.matrix, self.like.full_range)
        return frame

    def _tell_of_size(self, width: int, height: int) -> None:
        if not self._told_of_size:
            self._say(f"pictures are now {width}x{height}: {self._done} at {self.size[0]}x{self.size[1]} as before")
            self._told_of_size = True


def yuv420p_from(picture: object) -> Yuv420p:
    """A picture in any of the three formats as yuv420p; InputError where it is none."""
    if isinstance(picture, Yuv420p):
        return picture
    if pixel_format(picture) == "rgb24":
        return rgb24_to_yuv420p(picture)  # type: ignore[arg-type]
    if pixel_format(picture) == "gray8":
        return gray8_to_yuv420p(picture)  # type: ignore[arg-type]
    raise InputError(f"{type(picture).__name__} is no picture: expected yuv420p, rgb24 or gray8")


def _even(width: int, height: int) -> Size:
    """The next size that 4:2:0 encoders take."""
    return width + width % 2, height + height % 2


def _with_even_luma(picture: Yuv420p) -> Yuv420p:
    """An odd last row or column is repeated; chroma covers the pair already."""
    width, height = size_of(picture)
    if _even(width, height) == (width, height):
        return picture
    y = np.pad(picture.y, ((0, height % 2), (0, width % 2)), mode="edge")
    return Yuv420p(y, picture.u, picture.v, picture.matrix, picture.full_range)
