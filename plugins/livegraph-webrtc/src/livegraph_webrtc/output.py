"""webrtc.out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from livegraph import Param
from livegraph_webrtc.encoding import Encoding

if TYPE_CHECKING:
    from livegraph_server import Server
    from livegraph_webrtc.whep import Whep


class WebRtcOut(Encoding):
    """Show the stream to browsers and players, by WHEP at `/whep/<node>`.

    Each picture is encoded once, however many watch, and not at all while nobody does. The bitrate follows what the
    viewers' receivers report, the slowest of them, within the limits; who is slower than `min_bitrate` is skipped ahead
    from keyframe to keyframe, and costs the others nothing.
    """

    on_page = True
    viewers: int = Param(16, ge=1, le=256, remote=False, doc="how many may watch at the same time")

    _whep: Whep | None = None

    def setup(self) -> None:
        from livegraph_webrtc.whep import Whep

        ice = self._ice()
        web: Server = self.ctx.service("web")
        self._whep = Whep(web, ice, self.viewers, self._open(web.loop))
        self._serve(web, "whep", self._whep)

    def status(self) -> Mapping[str, Any]:
        if self._stream is None or self._whep is None:
            return {}
        return self._stream.status() | {"connections": self._whep.status()}
