"""Viewed: what the sinks have in common whose pictures leave as JPEGs."""

from __future__ import annotations

from livegraph import Frame, In, NodeError, Param, Sink, Video, size_of

LARGEST = 65_500
"""Pixels that a JPEG may have each way."""


class Viewed(Sink):
    """Takes pictures of every format, and refuses what no JPEG holds."""

    presents = True
    on_page = True

    video: In[Video] = In(formats=("yuv420p", "gray8", "rgb24"))
    quality: int = Param(80, ge=1, le=100, live=True, doc="of the JPEGs: 50 coarse, 80 usual, 95 large")
    max_fps: float = Param(30.0, ge=1, le=240, live=True, unit="fps", doc="pictures a second at most")

    def process(self, video: Frame) -> None:
        width, height = size_of(video.data)
        if max(width, height) > LARGEST:
            raise NodeError(f"{width}x{height} is more than a JPEG holds: {LARGEST} each way")
        self.show(video)

    def show(self, video: Frame) -> None:
        """Hand the picture on."""
        raise NotImplementedError(f"{type(self).__name__}.show")
