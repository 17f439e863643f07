"""LumaFilter: the base of nodes that look at brightness only and draw in black and white."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livegraph import Frame, Image, In, Node, Out, Video, pixel_format

if TYPE_CHECKING:
    from livegraph_vision.luma import Luma


class LumaFilter(Node):
    """Reads luma, writes luma. From Yuv420p to Yuv420p nothing is converted: chroma is not read, and what comes out
    shares one neutral plane.
    """

    video: In[Video] = In(formats=("yuv420p", "gray8", "rgb24"))
    out: Out[Video] = Out(formats=("yuv420p", "gray8", "rgb24"), doc="black and white, in the range of the input")

    def setup(self) -> None:
        from livegraph_vision import luma

        self._luma_of, self._picture, self._full_range = luma.luma_of, luma.grey_picture, luma.wants_full_range

    def draw(self, source: Luma, full_range: bool, frame: Frame) -> Image:
        """The new luma, uint8 [H, W], with black and white at 0 and 255 (`full_range`) or at 16 and 235."""
        raise NotImplementedError(f"{type(self).__name__}.draw")

    def process(self, video: Frame) -> Frame:
        picture = video.data
        source = self._luma_of(picture)
        target = self.ctx.formats.get("out") or pixel_format(picture) or "gray8"
        plane = self.draw(source, self._full_range(picture, target), video)
        return video.with_data(self._picture(plane, picture, target))
