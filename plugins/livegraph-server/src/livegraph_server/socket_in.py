"""web.socket_in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from livegraph import Frame, Out, Param, Source, Video
from livegraph_server.offers import Input

if TYPE_CHECKING:
    from livegraph_server.server import Server

WAIT_S = 0.1
"""How long a read waits for a picture before it looks whether the run ends."""


class SocketIn(Source):
    """Take pictures that people send as JPEGs over a WebSocket.

    The newest wins; pictures come as large as they were sent. Those of several users alternate, with who sent them in
    `meta["user"]`: behind it stand nodes that remember nothing, or there is one user at a time.
    """

    out: Out[Video]
    users: int = Param(1, ge=1, le=16, doc="how many may send at a time; the others wait in a queue")
    idle: float = Param(10.0, ge=0.5, le=3600, unit="s", doc="after which a user who sends no picture loses the lane")

    def setup(self) -> None:
        import simplejpeg  # type: ignore[import-untyped]

        self._decode = simplejpeg.decode_jpeg
        server: Server = self.ctx.service("web")
        self._lanes = server.sockets.lanes(self.ctx.node_id, self.users, self.idle)
        self._withdraw = server.offer(Input(self.ctx.node_id, "socket", f"/socket/{self.ctx.node_id}"))
        self._start_ns = self.ctx.clock.now_ns()
        self._last_user = 0

    def read(self) -> Frame | None:
        sent = self._lanes.take(WAIT_S)
        if sent is None:
            return None
        try:
            picture = self._decode(sent.jpeg, "RGB")
        except ValueError as error:  # of one user, and no fault of the node
            sent.lane.refused = f"frame {sent.frame} is damaged: {error}"
            return None
        pts_ns = self.ctx.clock.now_ns() - self._start_ns
        frame = self.frame(picture, pts_ns, user=sent.lane.user, frame=sent.frame)
        return replace(frame, discontinuity=self._is_new(sent.lane.user))

    def status(self) -> Mapping[str, Any]:
        return {"users": self._lanes.users}

    def teardown(self) -> None:
        if hasattr(self, "_withdraw"):
            self._withdraw()

    def _is_new(self, user: int) -> bool:
        """Whether somebody follows on one who has left: what nodes remember is of another."""
        before, self._last_user = self._last_user, user
        return before not in (0, user) and self._lanes.find(before) is None
