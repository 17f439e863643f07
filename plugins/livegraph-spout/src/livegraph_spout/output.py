"""spout.out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from livegraph import Frame, Image, In, NodeError, Param, Sink, Video, size_of
from livegraph_spout.library import GL_RGBA, load, why_not, with_context

if TYPE_CHECKING:
    from livegraph_spout.library import Sender

USE = "spout.out"


class SpoutOut(Sink):
    """Show the stream to the other programs of this machine: Resolume, TouchDesigner, OBS. Its size may change."""

    presents = True

    video: In[Video]
    name: str = Param("livegraph", remote=False, pattern=r"\S", doc="what programs see")
    flip: bool = Param(False, live=True, doc="turn upside down")

    _sender: Sender | None = None
    _pixels: Image | None = None

    @classmethod
    def unavailable(cls, params: Any) -> str | None:
        return why_not(USE)

    def setup(self) -> None:
        self._sender = with_context(load(USE).SpoutSender())
        self._sender.setSenderName(self.name)

    def process(self, video: Frame) -> None:
        assert self._sender is not None
        width, height = size_of(video.data)
        if not self._sender.sendImage(self._rgba(video.data), width, height, GL_RGBA, self.flip, 0):
            raise NodeError(f"Spout does not take pictures of {width}x{height} under the name {self.name}")

    def teardown(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.releaseSender()
            sender.closeOpenGL()

    def _rgba(self, picture: Image) -> Image:
        """The picture with a fourth byte, in memory that is kept while its size stays."""
        if self._pixels is None or self._pixels.shape[:2] != picture.shape[:2]:
            self._pixels = np.full((*picture.shape[:2], 4), 255, np.uint8)
        for channel in range(3):
            self._pixels[..., channel] = picture[..., channel]
        return self._pixels
