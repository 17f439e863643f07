"""One WebRTC connection: from the offer to its end. Loop thread only."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import OperationError
from aiortc.rtcrtptransceiver import RTCRtpTransceiver

from livegraph_webrtc.offer import MOST_CANDIDATES, Offer
from livegraph_webrtc.pair import chosen_pair
from livegraph_webrtc.reach import MOST_ASKED, Reach
from livegraph_webrtc.refusal import Refusal
from livegraph_webrtc.sctp import bound
from livegraph_webrtc.trickle import Fragment

ANSWER_S = 10.0
"""To gather candidates; a STUN server that is silent takes 5 s of it."""
CONNECT_S = 15.0
"""From the answer until the connection stands."""
CLOSE_S = 2.0


class Session:
    """`ended` is called once, when the connection is over, whoever ended it."""

    def __init__(self, configuration: RTCConfiguration, ended: Callable[[Session], None]) -> None:
        self.id = secrets.token_urlsafe(16)
        self.etag = f'"{secrets.token_urlsafe(8)}"'
        self.connection = RTCPeerConnection(configuration)
        self.why = ""
        """Why it ended."""
        self._ended = ended
        self._began_s = time.monotonic()
        self._ufrag, self._reach = "", Reach()
        self._added = self._asked = 0
        self._closing: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self.connection.on("connectionstatechange", self._changed)

    @property
    def name(self) -> str:
        """What the status and the log call it: who knows the whole id could end it."""
        return self.id[:6]

    @property
    def connected(self) -> bool:
        return self.connection.connectionState == "connected"

    async def answer(self, offer: Offer, wanted: Sequence[RTCRtpTransceiver]) -> str:
        """The SDP answer, in which only the sections of `wanted` are active. `Refusal` where there can be none."""
        self._ufrag, self._reach = offer.ufrag, offer.reach
        self._asked = offer.text.count("a=candidate:")
        try:
            async with asyncio.timeout(ANSWER_S):
                await self.connection.setRemoteDescription(RTCSessionDescription(offer.text, "offer"))
                if self.connection.sctp is not None:
                    bound(self.connection.sctp)
                for transceiver in self.connection.getTransceivers():
                    if transceiver not in wanted:
                        transceiver.direction = "inactive"
                await self.connection.setLocalDescription(await self.connection.createAnswer())
        except OperationError:
            offered = "H.264 (constrained baseline, packetization-mode 1) or VP8"
            raise Refusal(HTTPStatus.NOT_ACCEPTABLE, f"no codec in common; expected {offered}") from None
        except TimeoutError:
            raise Refusal(HTTPStatus.GATEWAY_TIMEOUT, "the STUN or TURN server does not answer") from None
        except Exception as error:  # aiortc trips over a strange offer in many ways
            what = f"{type(error).__name__}: {error}"
            raise Refusal(HTTPStatus.BAD_REQUEST, f"the offer cannot be answered: {what}") from None
        answer = str(self.connection.localDescription.sdp)
        if "a=candidate:" not in answer:
            raise Refusal(HTTPStatus.BAD_GATEWAY, "no address to be reached at; the TURN server may give no relay")
        self._deadline = asyncio.get_running_loop().call_later(CONNECT_S, self._give_up)
        return answer

    async def add(self, fragment: Fragment) -> None:
        """Further ICE candidates of the other side."""
        if fragment.ufrag not in (None, self._ufrag):
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "ICE restarts are not supported: make a new session")
        self._added += len(fragment.candidates)
        if self._added > MOST_CANDIDATES:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"too many ICE candidates; at most {MOST_CANDIDATES}")
        for candidate in self._reach.asked(fragment.candidates)[: max(0, MOST_ASKED - self._asked)]:
            self._asked += 1
            await self.connection.addIceCandidate(candidate)

    def end(self, why: str) -> asyncio.Task[None]:
        """Close it, if that has not begun yet."""
        if self._closing is None:
            self.why = why
            self._closing = asyncio.get_running_loop().create_task(self._close())
        return self._closing

    def status(self) -> dict[str, Any]:
        pair = chosen_pair(self.connection)
        return {
            "id": self.name,
            "state": self.connection.connectionState,
            "path": "-".join(pair) if pair else None,
            "seconds": round(time.monotonic() - self._began_s, 1),
        }

    def _changed(self) -> None:
        state = self.connection.connectionState
        if state == "connected" and self._deadline is not None:
            self._deadline.cancel()
        elif state in ("failed", "closed"):
            self.end("the connection was lost" if state == "failed" else "the other side ended it")

    def _give_up(self) -> None:
        if not self.connected:
            self.end(f"no connection within {CONNECT_S:.0f} s")

    async def _close(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self.connection.close()
        except TimeoutError:
            self.why += "; it could not be closed in time"
        finally:
            self._ended(self)
