"""syphon.in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from livegraph import Frame, Image, Out, Param, Source, Video
from livegraph_syphon.library import RGBA8UNORM, load, why_not

if TYPE_CHECKING:
    from livegraph_syphon.events import Events
    from livegraph_syphon.library import Client, Texture

USE = "syphon.in"
_WAIT_S = 0.1
_POLL_S = 0.002
_RETRY_S = 0.5


class SyphonIn(Source):
    """The newest picture of another program of this Mac.

    A server that goes is looked for twice a second, and the last picture stays meanwhile; the first one after its
    return is a discontinuity. Alpha is left out.
    """

    out: Out[Video]
    server: str = Param("auto", remote=False, doc="auto: the first; Program: name, or one of both alone")
    flip: bool = Param(False, live=True, doc="turn upside down, for a program that sends so")

    _client: Client | None = None

    @classmethod
    def unavailable(cls, params: Any) -> str | None:
        return why_not(USE)

    def setup(self) -> None:
        from livegraph_syphon.find import find_server, label

        self._library = load(USE)
        self._events: Events = self.ctx.service("syphon")
        with self._library.autorelease_pool():
            server = find_server(self._events, self.server)
            self._label = label(server)
            self._client = self._library.syphon.SyphonMetalClient(server)
        self._begin_ns = self.ctx.clock.now_ns()
        self._back = False
        self._look_at = 0.0

    def read(self) -> Frame | None:
        with self._library.autorelease_pool():
            until = time.monotonic() + _WAIT_S
            while (texture := self._fresh()) is None:
                if time.monotonic() >= until:
                    return None
                time.sleep(_POLL_S)
            now_ns = self.ctx.clock.now_ns()
            picture = rgb_of(texture, self._library.raw.copy_mtl_texture_to_bytes(texture), flip=self.flip)
        back, self._back = self._back, False
        return Frame(now_ns - self._begin_ns, 0, 0, now_ns, picture, discontinuity=back)

    def status(self) -> Mapping[str, Any]:
        return {"server": self._label, "connected": self._client is not None} if hasattr(self, "_label") else {}

    def teardown(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.stop()

    def _fresh(self) -> Texture | None:
        client = self._client
        if client is None:
            self._look_again()
            return None
        if client.has_new_frame:
            return client.new_frame_image
        if not client.is_valid:
            self.teardown()
            self.ctx.say(f"Syphon server {self._label} is gone; the last picture stays while it is looked for")
        return None

    def _look_again(self) -> None:
        from livegraph_syphon.find import matching

        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _RETRY_S
        if (server := matching(self._label, self._events.servers())) is not None:
            self._client = self._library.syphon.SyphonMetalClient(server)
            self._back = True
            self.ctx.say(f"Syphon server {self._label} is back")


def rgb_of(texture: Texture, data: bytes, *, flip: bool) -> Image:
    """The picture, its topmost row first: Syphon's convention is OpenGL's, whose first row is the lowest."""
    pixels = np.frombuffer(data, np.uint8).reshape(texture.height(), texture.width(), 4)
    if not flip:
        pixels = pixels[::-1]
    order = (0, 1, 2) if texture.pixelFormat() == RGBA8UNORM else (2, 1, 0)
    picture: Image = np.empty((*pixels.shape[:2], 3), np.uint8)
    for target, source in enumerate(order):
        picture[..., target] = pixels[..., source]
    return picture
