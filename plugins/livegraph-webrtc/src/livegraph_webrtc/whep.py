"""WHEP (draft-ietf-wish-whep): those who watch an output."""

from __future__ import annotations

import asyncio
from typing import Any

from aiortc.rtcrtptransceiver import RTCRtpTransceiver

from livegraph_webrtc.broadcast import Broadcast
from livegraph_webrtc.encoder import Codec
from livegraph_webrtc.endpoint import Endpoint
from livegraph_webrtc.ice import Ice
from livegraph_webrtc.offer import Direction
from livegraph_webrtc.sending import send
from livegraph_webrtc.session import Session
from livegraph_webrtc.viewer import Viewer


class Whep(Endpoint):
    """Each session is a viewer of the broadcast; all get the same packets."""

    wants: Direction = "recvonly"

    def __init__(
        self, loop: asyncio.AbstractEventLoop, ice: Ice, most: int, codec: Codec, broadcast: Broadcast
    ) -> None:
        super().__init__(loop, ice, most)
        self._codec = codec
        self._broadcast = broadcast
        self._viewers: dict[str, Viewer] = {}

    def status(self) -> list[dict[str, Any]]:
        viewers = dict(self._viewers)
        return [
            session.status() | (viewers[name].status() if name in viewers else {})
            for name, session in list(self.sessions.items())
        ]

    def _attach(self, session: Session) -> RTCRtpTransceiver:
        self._viewers[session.id], transceiver = send(session.connection, self._broadcast, self._codec)
        return transceiver

    def _detach(self, session: Session) -> None:
        self._broadcast.leave(self._viewers.pop(session.id))
