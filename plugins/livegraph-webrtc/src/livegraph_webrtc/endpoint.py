"""Where others connect to one node, and all who are connected there. Loop thread only, but for `status` and `shut`."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiortc.rtcrtptransceiver import RTCRtpTransceiver

from livegraph_webrtc.ice import Ice
from livegraph_webrtc.offer import Direction, Offer, read_offer
from livegraph_webrtc.reach import Reach
from livegraph_webrtc.refusal import Refusal
from livegraph_webrtc.session import CLOSE_S, Session
from livegraph_webrtc.talk import Talks

if TYPE_CHECKING:
    from livegraph_server import Server

RETRY_AFTER_S = 5
DOOR = "webrtc"
"""Of the run, by which changes come in over data channels."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What somebody who connects gets."""

    session: Session
    answer: str
    links: list[str]


class Endpoint(ABC):
    """`most`: how many may be connected. Those who want to be wait for nobody: they are refused."""

    wants: Direction
    """What an offer has to bring."""

    def __init__(self, web: Server, ice: Ice, most: int, say: Callable[[str], None] = lambda text: None) -> None:
        self._web, self._loop = web, web.loop
        self._ice = ice
        self._most = most
        self._say = say
        self._closed = False
        self.sessions: dict[str, Session] = {}
        self._talks: dict[str, Talks] = {}

    async def open(self, body: bytes, client: str) -> Opened:
        """Answer an offer that came from the address `client`. `Refusal` says why not."""
        offer = read_offer(body, self.wants, Reach.of_client(client, self._ice.relay_only))
        servers = await self._ice.servers()
        self._admit()
        session = Session(self._ice.configuration(servers), self._ended)
        self.sessions[session.id] = session
        stats = partial(self._stats, session)
        converse = partial(self._web.converse, DOOR, f"{client} {session.name}")
        self._talks[session.id] = Talks(session.connection, stats, converse, session.end)
        try:
            answer = await session.answer(offer, self._attach(session, offer))
        except BaseException:
            session.end("it could not be answered")
            raise
        return Opened(session, answer, [link for server in servers for link in server.links()])

    async def links(self) -> list[str]:
        """`Link` headers that tell a client which ICE servers to use (RFC 9725, section 4.6)."""
        return [link for server in await self._ice.servers() for link in server.links()]

    def session(self, name: str) -> Session:
        if name not in self.sessions:
            raise Refusal(HTTPStatus.NOT_FOUND, "no such session: it has ended")
        return self.sessions[name]

    def shut(self) -> None:
        """From another thread: end all sessions, at the same time; returns within seconds."""
        done = asyncio.run_coroutine_threadsafe(self.close(), self._loop)
        done.result(CLOSE_S + 1)

    async def close(self) -> None:
        self._closed = True
        await asyncio.gather(*(session.end("the show is over") for session in list(self.sessions.values())))

    def status(self) -> list[dict[str, Any]]:
        return [session.status() for session in list(self.sessions.values())]

    def _admit(self) -> None:
        """Whether one more may come. `Refusal` where not."""
        if self._closed:
            raise Refusal(HTTPStatus.NOT_FOUND, "the node has ended")
        if len(self.sessions) >= self._most:
            text = f"{self._most} are connected, which is the most that this node takes"
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, text, {"retry-after": str(RETRY_AFTER_S)})

    @abstractmethod
    def _attach(self, session: Session, offer: Offer) -> Sequence[RTCRtpTransceiver]:
        """Give a connection its video, and its sound where both sides want any, before the offer is answered."""

    @abstractmethod
    def _detach(self, session: Session) -> None:
        """The session is over."""

    @abstractmethod
    def _stats(self, session: Session) -> dict[str, int]:
        """What is told every second to one who is connected, with the names of `web.socket_in`: `place`, `users`,
        `frames`, `dropped`, `processed`.
        """

    def _ended(self, session: Session) -> None:
        if self.sessions.pop(session.id, None) is not None:
            self._talks.pop(session.id).stop()
            self._detach(session)
