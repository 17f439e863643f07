"""`core.convert`: one pixel format into another. The plan puts one in where two ports do not meet."""

from __future__ import annotations

from typing import Any, Literal

from livegraph.core.convert import target_of
from livegraph.declare import In, Out
from livegraph.errors import InputError
from livegraph.frame import Frame
from livegraph.node import Node
from livegraph.params import Param
from livegraph.picture import pixel_format
from livegraph.registry import registry, resolve
from livegraph.types import Converter, PixelFormat, Video

ALL_FORMATS: tuple[PixelFormat, ...] = ("yuv420p", "rgb24", "gray8")


class Convert(Node):
    """Convert pictures to `format`; what is in that format already passes untouched."""

    video: In[Video] = In(formats=ALL_FORMATS, doc="pictures of any format")
    out: Out[Video] = Out(formats=ALL_FORMATS, doc="the same pictures in another format")
    format: Literal["auto", "yuv420p", "rgb24", "gray8"] = Param("auto", doc="auto: what the node after it prefers")
    via: str = Param("", remote=False, doc="the conversion as module:function; unless said, the best installed one")

    def setup(self) -> None:
        self._target: PixelFormat = self.ctx.formats["out"]
        self._converters: dict[PixelFormat, Converter] = {}

    def process(self, video: Frame) -> Frame:
        found = pixel_format(video.data)
        if found is None:
            raise InputError(f"core.convert takes pictures on the host, got {type(video.data).__name__}")
        if found == self._target:
            return video
        if found not in self._converters:
            self._converters[found] = self._find(found)
        return video.with_data(self._converters[found](video.data))

    def _find(self, found: PixelFormat) -> Converter:
        planned = found == self.ctx.formats.get("video")
        target = self.params.via if planned else ""
        if not target:
            spec = registry().converter(found, self._target)
            target = spec.target if spec else target_of(found, self._target)
        converter: Any = resolve(target)
        return converter  # type: ignore[no-any-return]
