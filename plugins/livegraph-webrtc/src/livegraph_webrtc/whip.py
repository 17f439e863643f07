"""WHIP (RFC 9725): who sends to an input. One at a time; another takes over, or is refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiortc.rtcrtptransceiver import RTCRtpTransceiver

from livegraph_webrtc.decoder import Decoded
from livegraph_webrtc.endpoint import Endpoint
from livegraph_webrtc.ice import Ice
from livegraph_webrtc.inbox import Inbox
from livegraph_webrtc.lip_sync import LipSync
from livegraph_webrtc.offer import Direction, Offer
from livegraph_webrtc.opus_decoder import Heard
from livegraph_webrtc.receiving import Receiving
from livegraph_webrtc.refusal import Refusal
from livegraph_webrtc.session import Session

if TYPE_CHECKING:
    from livegraph_server import Server

LEAVING = 3
"""Senders that were taken over from and still say goodbye; with more of them, nobody is let in."""
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Rules:
    """See the parameters of `webrtc.in`."""

    takeover: bool
    timeout_s: float
    most_pixels: int
    sound: bool
    """Whether anybody listens: else sound is declined."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A decoded picture, and the session that it came by."""

    decoded: Decoded
    session: str


@dataclass(frozen=True, slots=True)
class Sounded:
    """Decoded sound, the session that it came by, and how it stands to the pictures of that."""

    heard: Heard
    session: str
    lip_sync: LipSync


class Whip(Endpoint):
    """`inbox` has the newest picture of whoever sends now, and their sound."""

    wants: Direction = "sendonly"

    def __init__(self, web: Server, ice: Ice, rules: Rules, say: Callable[[str], None] = lambda text: None) -> None:
        super().__init__(web, ice, LEAVING + 1, say)
        self._rules = rules
        self._receivings: dict[str, Receiving] = {}
        self._turns: dict[str, int] = {}
        self._turn = 0
        self._told = False
        self._sender: Session | None = None
        self.inbox: Inbox[Arrived, Sounded] = Inbox()

    def status(self) -> list[dict[str, Any]]:
        receivings = dict(self._receivings)
        return [
            session.status() | (receivings[name].status() if name in receivings else {})
            for name, session in list(self.sessions.items())
        ]

    def _admit(self) -> None:
        if self.sessions and not self._rules.takeover:
            raise Refusal(HTTPStatus.CONFLICT, "somebody sends already, and `takeover` is off")
        super()._admit()

    def _attach(self, session: Session, offer: Offer) -> Sequence[RTCRtpTransceiver]:
        self._turn += 1
        turn = self._turns[session.id] = self._turn
        receiving = Receiving(session.connection, self.inbox.fail)
        self._receivings[session.id] = receiving
        receiving.take_video(partial(self._show, session, turn), self._rules.most_pixels)
        if self._rules.sound and offer.sound:
            receiving.take_sound(partial(self._hear, session.id, receiving.lip_sync))
        self._loop.call_later(_LOOK_S, self._look, session, time.monotonic())
        return receiving.transceivers

    def _detach(self, session: Session) -> None:
        self._receivings.pop(session.id).stop()
        del self._turns[session.id]
        if self._sender is session:
            self._sender = None
            if not self._closed:
                self._say(f"{session.why}; the last picture stays until somebody sends again")

    def _stats(self, session: Session) -> dict[str, int]:
        """`place`: 0 for who sends now, 1 for who does not yet, or not any more."""
        place = 0 if self._sender in (None, session) else 1
        return self._receivings[session.id].stats() | {"place": place, "users": len(self.sessions)}

    def _show(self, session: Session, turn: int, decoded: Decoded) -> None:
        """On a decoder's thread. Who sends is who came last, from the first picture that they bring."""
        before = self._sender
        if before is not None and before is not session:
            if turn < self._turns.get(before.id, 0):
                return
            self._loop.call_soon_threadsafe(before.end, "another sender took over")
        self._sender = session
        if self.inbox.put(Arrived(decoded, session.id)) and (receiving := self._receivings.get(session.id)) is not None:
            receiving.replaced += 1

    def _hear(self, session: str, lip_sync: LipSync, heard: Heard) -> None:
        """On a decoder's thread. Whose sound counts is decided by the pictures."""
        if self._sender is not None and self._sender.id == session:
            self.inbox.add(Sounded(heard, session, lip_sync))

    def _look(self, session: Session, heard_s: float) -> None:
        """End a session by which nothing comes."""
        if session.id not in self._receivings:
            return
        receiving = self._receivings[session.id]
        self._tell_of_errors(receiving)
        now_s = time.monotonic()
        heard_s = (receiving.last_s or heard_s) if session.connected else now_s
        if now_s - heard_s > self._rules.timeout_s:
            session.end(f"nothing came for {self._rules.timeout_s:g} s")
        else:
            self._loop.call_later(_LOOK_S, self._look, session, heard_s)

    def _tell_of_errors(self, receiving: Receiving) -> None:
        """Once, where a sender's pictures come and none can be decoded."""
        decoder = receiving.decoder
        if decoder.errors > 1 and not decoder.decoded and not self._told:
            self._told = True
            limit = f"is it larger than {self._rules.most_pixels} pixels (`max_pixels`)?"
            self._say(f"what is sent cannot be decoded ({decoder.why}); {limit}")
