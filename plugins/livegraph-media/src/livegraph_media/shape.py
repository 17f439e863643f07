"""From a decoded frame to the picture that a graph asked for: upright, of one size, in one pixel format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livegraph import PixelFormat, Size, Yuv420p
from livegraph_media.convert import yuv420p_to_gray8, yuv420p_to_rgb24
from livegraph_media.ffmpeg import VideoFrame
from livegraph_media.fit import Fit, fitted, scaled_size, turned
from livegraph_media.planes import rgb24_of, views, yuv420p_of


class Shaper:
    """Makes pictures of one pixel format; of `size` (None: each as it comes). Says once what is cut off or framed."""

    def __init__(self, pixels: PixelFormat, size: Size | None, fit: Fit, say: Callable[[str], None]) -> None:
        self._pixels = pixels
        self._size = size
        self._fit = fit
        self._say = say
        self._told = False

    def picture(self, frame: VideoFrame) -> Any:
        """`Yuv420p` or `Image`; a view of the decoder's own planes where nothing has to be done."""
        quarters = round(frame.rotation / 90) % 4
        size = self._size
        if size is not None and quarters % 2:
            size = size[1], size[0]
        if quarters == 0 and size in (None, (frame.width, frame.height)):
            return self._as_it_is(frame)
        yuv = yuv420p_of(frame) if size is None else self._fitted(frame, size)
        yuv = turned(yuv, quarters)
        if self._pixels == "rgb24":
            return yuv420p_to_rgb24(yuv)
        return yuv420p_to_gray8(yuv) if self._pixels == "gray8" else yuv

    def _fitted(self, frame: VideoFrame, size: Size) -> Yuv420p:
        source = frame.width, frame.height
        if not self._told and scaled_size(source, size, self._fit) != size:
            self._told = True
            done = "cropped to" if self._fit == "crop" else "letterboxed into"
            self._say(f"{source[0]}x{source[1]} is {done} {size[0]}x{size[1]} (`fit`: crop or letterbox)")
        return fitted(frame, size, self._fit)

    def _as_it_is(self, frame: VideoFrame) -> Any:
        if self._pixels == "rgb24":
            return rgb24_of(frame)
        if self._pixels == "gray8" and frame.format.name == "gray":
            return views(frame)[0]
        yuv = yuv420p_of(frame)
        return yuv420p_to_gray8(yuv) if self._pixels == "gray8" else yuv
