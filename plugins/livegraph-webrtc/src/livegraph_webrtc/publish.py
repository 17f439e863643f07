"""webrtc.publish."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from livegraph import Param
from livegraph_webrtc.encoding import Encoding

if TYPE_CHECKING:
    from livegraph_webrtc.publisher import OwnLoop, Publisher

VARIABLE = "LIVEGRAPH_WHIP_TOKEN"


class WebRtcPublish(Encoding):
    """Send the stream to a media server (MediaMTX, LiveKit, Cloudflare) by WHIP, for many to watch it there.

    The token comes from the environment, `LIVEGRAPH_WHIP_TOKEN`. A connection that is lost is made again; meanwhile
    nothing is encoded.
    """

    url: str = Param(secret=True, doc="the server's WHIP endpoint, http:// or https://")

    _publisher: Publisher | None = None
    _own: OwnLoop | None = None

    def setup(self) -> None:
        from livegraph_webrtc.publisher import OwnLoop, Publisher
        from livegraph_webrtc.whip_client import Place, check_url

        check_url(self.url)
        ice = self._ice()
        self._own = OwnLoop()
        stream = self._open(self._own.loop)
        place = Place(self.url, os.environ.get(VARIABLE, ""))
        self._publisher = Publisher(self._own.loop, place, ice, stream, self.ctx.say)

    def status(self) -> Mapping[str, Any]:
        if self._stream is None or self._publisher is None:
            return {}
        return self._stream.status() | self._publisher.status()

    def teardown(self) -> None:
        try:
            if self._publisher is not None:
                self._publisher.close()
        finally:
            super().teardown()
            if self._own is not None:
                self._own.close()
