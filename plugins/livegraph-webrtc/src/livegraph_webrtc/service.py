"""The service `webrtc`: the WHIP and WHEP endpoints of a run, by node. Made once; nodes come and go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from livegraph_webrtc.endpoint import Endpoint
from livegraph_webrtc.routes import SDP, Kind, router
from livegraph_webrtc.trickle import MEDIA_TYPE

if TYPE_CHECKING:
    from livegraph.runtime.run import Run
    from livegraph_server import Server


class WebRtc:
    """`place` and what it returns may be called from any thread."""

    def __init__(self, run: Run | None = None) -> None:
        self._lock = threading.Lock()
        self._served = False
        self._endpoints: dict[tuple[Kind, str], Endpoint] = {}

    def place(self, web: Server, kind: Kind, node_id: str, endpoint: Endpoint) -> Callable[[], None]:
        """Answer at `/{kind}/{node_id}`, until what is returned is called: that ends all sessions there."""
        with self._lock:
            if not self._served:
                for each in ("whip", "whep"):
                    web.include(router(each, self._find), (SDP, MEDIA_TYPE))
                self._served = True
            self._endpoints[kind, node_id] = endpoint

        def remove() -> None:
            if self._endpoints.get((kind, node_id)) is endpoint:
                del self._endpoints[kind, node_id]
            endpoint.shut()

        return remove

    def close(self) -> None:
        """Nodes have removed their endpoints when they were torn down; one that hung has not."""
        for endpoint in list(self._endpoints.values()):
            endpoint.shut()

    def _find(self, kind: Kind, node_id: str) -> Endpoint | None:
        return self._endpoints.get((kind, node_id))
