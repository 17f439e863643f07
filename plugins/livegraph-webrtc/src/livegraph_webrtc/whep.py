"""WHEP (draft-ietf-wish-whep): those who watch an output."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aiortc.rtcrtptransceiver import RTCRtpTransceiver

from livegraph_webrtc.endpoint import Endpoint
from livegraph_webrtc.ice import Ice
from livegraph_webrtc.offer import Direction, Offer
from livegraph_webrtc.sending import Sending, Stream
from livegraph_webrtc.session import Session


class Whep(Endpoint):
    """Each session is a viewer of the broadcast; all get the same packets."""

    wants: Direction = "recvonly"

    def __init__(self, loop: asyncio.AbstractEventLoop, ice: Ice, most: int, stream: Stream) -> None:
        super().__init__(loop, ice, most)
        self._stream = stream
        self._sendings: dict[str, Sending] = {}

    def status(self) -> list[dict[str, Any]]:
        sendings = dict(self._sendings)
        return [
            session.status() | (sendings[name].viewer.status() if name in sendings else {})
            for name, session in list(self.sessions.items())
        ]

    def _attach(self, session: Session, offer: Offer) -> Sequence[RTCRtpTransceiver]:
        sending = self._sendings[session.id] = self._stream.send(session.connection, offer.sound)
        return sending.transceivers

    def _detach(self, session: Session) -> None:
        self._sendings.pop(session.id).leave()

    def _stats(self, session: Session) -> dict[str, int]:
        return self._sendings[session.id].viewer.stats() | {"users": len(self.sessions)}
