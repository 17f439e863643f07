"""From a decoded frame to the picture that a graph asked for: upright, of square pixels, of one size and format."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from livegraph import Image, PixelFormat, Size, Yuv420p
from livegraph_media.convert import rgb24_to_yuv420p, yuv420p_to_gray8, yuv420p_to_rgb24
from livegraph_media.ffmpeg import VideoFrame
from livegraph_media.fit import Fit, fitted, scaled_size, square_size, turned
from livegraph_media.planes import rgb24_of, views, yuv420p_of

SQUARE = Fraction(1)


class Shaper:
    """Makes pictures of one pixel format; of `size` (None: each as it comes). Says once what is cut off or framed,
    and once that pixels were not square.
    """

    def __init__(self, pixels: PixelFormat, size: Size | None, fit: Fit, say: Callable[[str], None]) -> None:
        self._pixels = pixels
        self._size = size
        self._fit = fit
        self._say = say
        self._told = self._told_of_aspect = False

    def picture(self, frame: VideoFrame, aspect: Fraction = SQUARE) -> Any:
        """`Yuv420p` or `Image`; a view of the decoder's own planes where nothing has to be done. `aspect`: a pixel's
        width over its height. Scaling to square pixels, to `size` and to 4:2:0 is one step.
        """
        quarters = round(frame.rotation / 90) % 4
        size = self._size
        if size is not None and quarters % 2:
            size = size[1], size[0]
        coded = frame.width, frame.height
        shown = self._shown(coded, aspect)
        if quarters == 0 and coded == shown and size in (None, shown):
            return self._as_it_is(frame)
        yuv = _yuv420p(frame) if size is None and coded == shown else self._fitted(frame, shown, size or shown)
        yuv = turned(yuv, quarters)
        if self._pixels == "rgb24":
            return yuv420p_to_rgb24(yuv)
        return yuv420p_to_gray8(yuv) if self._pixels == "gray8" else yuv

    def _shown(self, coded: Size, aspect: Fraction) -> Size:
        shown = square_size(coded, aspect)
        if shown != coded and not self._told_of_aspect:
            self._told_of_aspect = True
            ratio = f"{aspect.numerator}:{aspect.denominator}"
            self._say(f"{coded[0]}x{coded[1]} with pixels of {ratio} is shown as {shown[0]}x{shown[1]}")
        return shown

    def _fitted(self, frame: VideoFrame, shown: Size, size: Size) -> Yuv420p:
        if not self._told and scaled_size(shown, size, self._fit) != size:
            self._told = True
            done = "cropped to" if self._fit == "crop" else "letterboxed into"
            self._say(f"{shown[0]}x{shown[1]} is {done} {size[0]}x{size[1]} (`fit`: crop or letterbox)")
        return fitted(frame, size, self._fit, shown)

    def _as_it_is(self, frame: VideoFrame) -> Any:
        if self._pixels == "rgb24":
            return _rgb24(frame)
        if self._pixels == "gray8" and frame.format.name == "gray":
            return views(frame)[0]
        yuv = _yuv420p(frame)
        return yuv420p_to_gray8(yuv) if self._pixels == "gray8" else yuv


def _yuv420p(frame: VideoFrame) -> Yuv420p:
    """At odd sizes by way of RGB, whose conversion does not stretch the chroma as swscale does."""
    if _is_odd(frame) and not frame.format.name.startswith(("yuv420p", "yuvj420p", "gray")):
        return rgb24_to_yuv420p(rgb24_of(frame))
    return yuv420p_of(frame)


def _rgb24(frame: VideoFrame) -> Image:
    if _is_odd(frame) and frame.format.name.startswith(("yuv420p", "yuvj420p")):
        return yuv420p_to_rgb24(yuv420p_of(frame))
    return rgb24_of(frame)


def _is_odd(frame: VideoFrame) -> bool:
    return bool(frame.width % 2 or frame.height % 2)
