"""Keeps a stream at a media server: connects by WHIP, and again whenever the connection is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aiortc import RTCPeerConnection, RTCSessionDescription

from livegraph_webrtc.ice import Ice
from livegraph_webrtc.pair import chosen_pair
from livegraph_webrtc.refusal import Refusal
from livegraph_webrtc.sending import Stream
from livegraph_webrtc.session import CLOSE_S, CONNECT_S
from livegraph_webrtc.whip_client import END_S, TIMEOUT_S, Accepted, Place, end, offer

FIRST_S, LONGEST_S = 0.5, 15.0
"""Between two tries: twice as long each time, and from the beginning once a connection stood."""


class OwnLoop:
    """An event loop in a thread of its own, for connections that belong to no web server."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="webrtc publish", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


class Publisher:
    """`say` hears when the stream is there, and once when it is not."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        place: Place,
        ice: Ice,
        stream: Stream,
        say: Callable[[str], None],
    ) -> None:
        self._loop, self._place, self._ice, self._stream = loop, place, ice, stream
        self._say = say
        self._told = False
        self._connection: RTCPeerConnection | None = None
        self.connects = 0
        self.why = ""
        """Why it is not there now, if it is not."""
        self._keeping = asyncio.run_coroutine_threadsafe(self._begin(), loop).result()

    def close(self) -> None:
        """From another thread: end the session; returns within seconds."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(TIMEOUT_S + CLOSE_S + END_S)

    def status(self) -> dict[str, Any]:
        connection = self._connection
        pair = chosen_pair(connection) if connection is not None else None
        return {
            "host": self._place.host,
            "state": connection.connectionState if connection is not None else "waiting",
            "path": "-".join(pair) if pair else None,
            "connects": self.connects,
            "why": self.why,
        }

    async def _begin(self) -> asyncio.Task[None]:
        return asyncio.create_task(self._keep())

    async def _end(self) -> None:
        self._keeping.cancel()
        await asyncio.gather(self._keeping, return_exceptions=True)

    async def _keep(self) -> None:
        pause_s = FIRST_S
        while True:
            before = self.connects
            try:
                await self._publish()
            except TimeoutError:
                self._tell(f"no connection within {CONNECT_S:.0f} s")
            except Refusal as refusal:
                self._tell(refusal.detail)
            except Exception as error:  # a server may answer anything: told, and tried again
                self._tell(str(error) or type(error).__name__)
            pause_s = FIRST_S if self.connects > before else min(LONGEST_S, 2 * pause_s)
            await asyncio.sleep(pause_s)

    async def _publish(self) -> None:
        """Connect, and stay until the connection is lost."""
        connection = RTCPeerConnection(self._ice.configuration(await self._ice.servers()))
        sending = self._stream.send(connection)
        changed = asyncio.Event()
        connection.on("connectionstatechange", changed.set)
        self._connection, accepted = connection, None
        try:
            accepted = await self._agree(connection)
            async with asyncio.timeout(CONNECT_S):
                await _leaves(connection, changed, ("new", "connecting"))
            if connection.connectionState == "connected":
                self._arrived()
                await _leaves(connection, changed, ("connected",))
            self._tell("the connection was lost")
        finally:
            sending.leave()
            await self._part(connection, accepted)

    async def _agree(self, connection: RTCPeerConnection) -> Accepted:
        await connection.setLocalDescription(await connection.createOffer())
        accepted = await asyncio.to_thread(offer, self._place, connection.localDescription.sdp)
        await connection.setRemoteDescription(RTCSessionDescription(accepted.sdp, "answer"))
        return accepted

    async def _part(self, connection: RTCPeerConnection, accepted: Accepted | None) -> None:
        self._connection = None
        if accepted is not None and accepted.session is not None:
            await asyncio.to_thread(end, accepted.session)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await connection.close()

    def _arrived(self) -> None:
        self.connects += 1
        self.why, self._told = "", False
        self._say(f"published at {self._place.host}")

    def _tell(self, why: str) -> None:
        self.why = why
        if not self._told:
            self._told = True
            self._say(f"not published at {self._place.host} ({why}); trying again")


async def _leaves(connection: RTCPeerConnection, changed: asyncio.Event, states: tuple[str, ...]) -> None:
    while connection.connectionState in states:
        changed.clear()
        await changed.wait()
