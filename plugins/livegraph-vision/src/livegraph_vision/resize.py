"""vision.resize."""

from __future__ import annotations

from typing import Any, Literal

from livegraph import Frame, In, Node, Out, Param, Size, Video
from livegraph_vision.sizes import SIZE, parse_size


class Resize(Node):
    """Bring pictures to a size, keeping their pixel format.

    `letterbox` shows everything, with black bars; `fill` cuts off what does not fit; `stretch` ignores the aspect;
    `fit` gives the largest picture inside the size, without bars, so that only one side has the length asked for.
    A picture that has the size already passes untouched.
    """

    video: In[Video] = In(formats=("yuv420p", "rgb24", "gray8"))
    out: Out[Video] = Out(like="video")
    size: str = Param(doc="width x height, such as 640x360", pattern=SIZE, unit="px")
    mode: Literal["letterbox", "fill", "stretch", "fit"] = Param(
        "letterbox", live=True, doc="what to do where the aspect differs"
    )
    interpolation: Literal["auto", "nearest", "linear", "area", "cubic", "lanczos"] = Param(
        "auto", live=True, doc="auto: by halves on the way down, then linear"
    )

    @classmethod
    def output_size(cls, params: Any) -> Size | None:
        return parse_size(params.size)

    def setup(self) -> None:
        from livegraph_vision.scaling import scale

        self._scale, self._size = scale, parse_size(self.size)

    def process(self, video: Frame) -> Frame:
        picture = self._scale(video.data, self._size, self.mode, self.interpolation)
        return video if picture is video.data else video.with_data(picture)
