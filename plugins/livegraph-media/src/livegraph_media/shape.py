"""From a decoded frame to the picture that a graph asked for: upright, of one size, in one pixel format."""

from __future__ import annotations

from typing import Any

from livegraph import PixelFormat, Size
from livegraph_media.convert import yuv420p_to_gray8, yuv420p_to_rgb24
from livegraph_media.ffmpeg import VideoFrame
from livegraph_media.fit import Fit, fitted, turned
from livegraph_media.planes import rgb24_of, views, yuv420p_of


class Shaper:
    """Makes pictures of one pixel format; of `size` (None: each as it comes)."""

    def __init__(self, pixels: PixelFormat, size: Size | None, fit: Fit) -> None:
        self._pixels = pixels
        self._size = size
        self._fit = fit

    def picture(self, frame: VideoFrame) -> Any:
        """`Yuv420p` or `Image`; a view of the decoder's own planes where nothing has to be done."""
        quarters = round(frame.rotation / 90) % 4
        size = self._size
        if size is not None and quarters % 2:
            size = size[1], size[0]
        if quarters == 0 and size in (None, (frame.width, frame.height)):
            return self._as_it_is(frame)
        yuv = yuv420p_of(frame) if size is None else fitted(frame, size, self._fit)
        yuv = turned(yuv, quarters)
        if self._pixels == "rgb24":
            return yuv420p_to_rgb24(yuv)
        return yuv420p_to_gray8(yuv) if self._pixels == "gray8" else yuv

    def _as_it_is(self, frame: VideoFrame) -> Any:
        if self._pixels == "rgb24":
            return rgb24_of(frame)
        if self._pixels == "gray8" and frame.format.name == "gray":
            return views(frame)[0]
        yuv = yuv420p_of(frame)
        return yuv420p_to_gray8(yuv) if self._pixels == "gray8" else yuv
