"""web.mjpeg."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from livegraph import Frame
from livegraph_server.offers import Output
from livegraph_server.viewed import Viewed

if TYPE_CHECKING:
    from livegraph_server.server import Server


class Mjpeg(Viewed):
    """Show the stream on the run's web page, and as MJPEG to whatever reads that.

    Each picture is encoded once, however many watch, and not at all while nobody does. Who is slow gets the newest
    picture next, and holds up nobody.
    """

    def setup(self) -> None:
        server: Server = self.ctx.service("web")
        self._channel = server.pictures.channel(self.ctx.node_id)
        self._withdraw = server.offer(Output(self.ctx.node_id, "mjpeg", f"/mjpeg/{self.ctx.node_id}"))

    def show(self, video: Frame) -> None:
        self._channel.put(video.data, self.quality, self.max_fps)

    def status(self) -> Mapping[str, Any]:
        return {"viewers": self._channel.viewers, "encoded": self._channel.encodes}

    def teardown(self) -> None:
        if hasattr(self, "_withdraw"):
            self._withdraw()
