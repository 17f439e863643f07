"""syphon.out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from livegraph import Frame, Image, In, Param, Sink, Video
from livegraph_syphon.library import load, why_not

if TYPE_CHECKING:
    from livegraph_syphon.library import Server, Texture

USE = "syphon.out"


class SyphonOut(Sink):
    """Show the stream to the other programs of this Mac: Resolume, MadMapper, OBS, VDMX. Its size may change."""

    presents = True

    video: In[Video]
    name: str = Param("livegraph", remote=False, doc="what programs see beside the name of ours")
    flip: bool = Param(False, live=True, doc="turn upside down")

    _server: Server | None = None
    _texture: Texture | None = None

    @classmethod
    def unavailable(cls, params: Any) -> str | None:
        return why_not(USE)

    def setup(self) -> None:
        self._library = load(USE)
        self.ctx.service("syphon")  # answers those who ask which servers there are
        with self._library.autorelease_pool():
            self._server = self._library.syphon.SyphonMetalServer(self.name)

    def process(self, video: Frame) -> None:
        assert self._server is not None
        with self._library.autorelease_pool():
            texture = self._texture_like(self._server, video.data)
            self._library.raw.copy_bytes_to_mtl_texture(self._pixels.tobytes(), texture)
            self._server.publish_frame_texture(texture, is_flipped=not self.flip)

    def teardown(self) -> None:
        server, self._server, self._texture = self._server, None, None
        if server is not None:
            server.stop()

    def _texture_like(self, server: Server, picture: Image) -> Texture:
        """A texture of the picture's size, and the picture as RGBA beside it; both kept while the size stays."""
        height, width = picture.shape[:2]
        if self._texture is None or self._pixels.shape[:2] != (height, width):
            self._texture = self._library.raw.create_mtl_texture(server.device, width, height)
            self._pixels: Image = np.full((height, width, 4), 255, np.uint8)
        for channel in range(3):
            self._pixels[..., channel] = picture[..., channel]
        return self._texture
