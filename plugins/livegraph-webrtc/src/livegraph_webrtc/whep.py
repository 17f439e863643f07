"""WHEP (draft-ietf-wish-whep): those who watch an output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aiortc.rtcrtptransceiver import RTCRtpTransceiver

from livegraph_webrtc.endpoint import Endpoint
from livegraph_webrtc.ice import Ice
from livegraph_webrtc.offer import Direction, Offer
from livegraph_webrtc.sending import Sending, Stream
from livegraph_webrtc.session import Session

if TYPE_CHECKING:
    from livegraph_server import Server


class Whep(Endpoint):
    """Each session is a viewer of the broadcast; all get the same packets."""

    wants: Direction = "recvonly"

    def __init__(self, web: Server, ice: Ice, most: int, stream: Stream) -> None:
        super().__init__(web, ice, most)
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
