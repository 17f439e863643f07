"""web.socket_out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livegraph import Frame
from livegraph_server.offers import Output
from livegraph_server.viewed import Viewed

if TYPE_CHECKING:
    from livegraph_server.server import Server


class SocketOut(Viewed):
    """Send the stream as JPEGs over a WebSocket: to whoever watches, and to each user of a `web.socket_in` what became
    of their own pictures.
    """

    def setup(self) -> None:
        server: Server = self.ctx.service("web")
        self._sockets = server.sockets
        self._channel = self._sockets.channel(self.ctx.node_id)
        self._withdraw = server.offer(Output(self.ctx.node_id, "socket", f"/socket/{self.ctx.node_id}"))

    def show(self, video: Frame) -> None:
        self._channel.put(video.data, self.quality, self.max_fps, self._channel.newest() + 1)
        lane = self._sockets.lane(video.meta.get("user", 0))
        if lane is not None:
            lane.replies.put(video.data, self.quality, self.max_fps, video.meta["frame"])

    def teardown(self) -> None:
        if hasattr(self, "_withdraw"):
            self._withdraw()
