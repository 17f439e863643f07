"""WHIP (RFC 9725): who sends to an input. One at a time; another takes over, or is refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

from aiortc.rtcrtptransceiver import RTCRtpTransceiver

from livegraph_webrtc.decoder import Decoded, Decoder
from livegraph_webrtc.endpoint import Endpoint
from livegraph_webrtc.ice import Ice
from livegraph_webrtc.intake import Intake, take_over
from livegraph_webrtc.newest import Newest
from livegraph_webrtc.offer import Direction
from livegraph_webrtc.refusal import Refusal
from livegraph_webrtc.session import Session

LEAVING = 3
"""Senders that were taken over from and still say goodbye; with more of them, nobody is let in."""
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Rules:
    """See the parameters of `webrtc.in`."""

    takeover: bool
    timeout_s: float
    most_pixels: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """A decoded picture, and the session that it came by."""

    decoded: Decoded
    session: str


class Whip(Endpoint):
    """`pictures` has the newest picture of whoever sends now."""

    wants: Direction = "sendonly"

    def __init__(
        self, loop: asyncio.AbstractEventLoop, ice: Ice, rules: Rules, say: Callable[[str], None] = lambda text: None
    ) -> None:
        super().__init__(loop, ice, LEAVING + 1, say)
        self._rules = rules
        self._streams: dict[str, tuple[Decoder, Intake]] = {}
        self._turns: dict[str, int] = {}
        self._turn = 0
        self._told = False
        self._sender: Session | None = None
        self.pictures: Newest[Arrived] = Newest()

    def status(self) -> list[dict[str, Any]]:
        streams = dict(self._streams)
        return [
            session.status() | (_figures(*streams[name]) if name in streams else {})
            for name, session in list(self.sessions.items())
        ]

    def _admit(self) -> None:
        if self.sessions and not self._rules.takeover:
            raise Refusal(HTTPStatus.CONFLICT, "somebody sends already, and `takeover` is off")
        super()._admit()

    def _attach(self, session: Session) -> RTCRtpTransceiver:
        self._turn += 1
        turn = self._turns[session.id] = self._turn
        decoder = Decoder(partial(self._show, session, turn), self.pictures.fail, self._rules.most_pixels)
        transceiver = session.connection.addTransceiver("video", "recvonly")
        self._streams[session.id] = decoder, take_over(transceiver, decoder)
        self._loop.call_later(_LOOK_S, self._look, session, time.monotonic())
        return transceiver

    def _detach(self, session: Session) -> None:
        decoder, _ = self._streams.pop(session.id)
        del self._turns[session.id]
        decoder.stop()
        if self._sender is session:
            self._sender = None
            if not self._closed:
                self._say(f"{session.why}; the last picture stays until somebody sends again")

    def _show(self, session: Session, turn: int, decoded: Decoded) -> None:
        """On a decoder's thread. Who sends is who came last, from the first picture that they bring."""
        before = self._sender
        if before is not None and before is not session:
            if turn < self._turns.get(before.id, 0):
                return
            self._loop.call_soon_threadsafe(before.end, "another sender took over")
        self._sender = session
        self.pictures.put(Arrived(decoded, session.id))

    def _look(self, session: Session, heard_s: float) -> None:
        """End a session by which nothing comes."""
        if session.id not in self._streams:
            return
        self._tell_of_errors(*self._streams[session.id])
        now_s = time.monotonic()
        heard_s = (self._streams[session.id][1].last_s or heard_s) if session.connected else now_s
        if now_s - heard_s > self._rules.timeout_s:
            session.end(f"nothing came for {self._rules.timeout_s:g} s")
        else:
            self._loop.call_later(_LOOK_S, self._look, session, heard_s)

    def _tell_of_errors(self, decoder: Decoder, intake: Intake) -> None:
        """Once, where a sender's pictures come and none can be decoded."""
        if decoder.errors > 1 and not decoder.decoded and not self._told:
            self._told = True
            limit = f"is it larger than {self._rules.most_pixels} pixels (`max_pixels`)?"
            self._say(f"what is sent cannot be decoded ({decoder.why}); {limit}")


def _figures(decoder: Decoder, intake: Intake) -> dict[str, Any]:
    return {
        "codec": decoder.codec.lower(),
        "bitrate_kbps": round(intake.bps / 1000),
        "pictures": decoder.decoded,
        "skipped": decoder.skipped,
        "errors": decoder.errors,
        "lost_packets": intake.lost,
        "keyframes_asked": intake.asked,
    }
