"""ICE servers: which ones a connection may use, and by which credentials. Pure, but for `Ice.servers`.

Credentials come from the environment alone, so that no graph file holds any:

    turn: turn:host:3478     LIVEGRAPH_TURN_SECRET: coturn's shared secret (`use-auth-secret`), or
                             LIVEGRAPH_TURN_USERNAME and LIVEGRAPH_TURN_PASSWORD
    turn: cloudflare         CLOUDFLARE_TURN_KEY_ID, CLOUDFLARE_TURN_API_TOKEN
    turn: twilio             TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from aiortc import RTCConfiguration, RTCIceServer
from aiortc.rtcconfiguration import RTCIceTransportPolicy
from aiortc.rtcicetransport import parse_stun_turn_uri

from livegraph import InputError
from livegraph_webrtc.refusal import Refusal

TTL_S = 24 * 3600
"""How long credentials that are made for the occasion are good; they are made anew at half of it."""
USER = "livegraph"


@dataclass(frozen=True, slots=True)
class IceServer:
    """What `RTCIceServer` is to browsers. It never shows its credentials by itself."""

    urls: tuple[str, ...]
    username: str = field(default="", repr=False)
    credential: str = field(default="", repr=False)

    def links(self) -> list[str]:
        """As `Link` headers (RFC 9725, section 4.6)."""
        secret = f'; username="{self.username}"; credential="{self.credential}"; credential-type="password"'
        return [f'<{url}>; rel="ice-server"{secret if self.username else ""}' for url in self.urls]


Provider = Callable[[], Awaitable[list[IceServer]]]


def rest_password(secret: str, username: str) -> str:
    """The password of a user name under a secret that is shared with the TURN server
    (draft-uberti-behave-turn-rest-00, section 2.2): base64 of HMAC-SHA1.
    """
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def rest_server(url: str, secret: str, now_s: float) -> IceServer:
    """With credentials that are good for `TTL_S`."""
    username = f"{int(now_s) + TTL_S}:{USER}"
    return IceServer((url,), username, rest_password(secret, username))


def own_turn(url: str, environ: Mapping[str, str], now_s: Callable[[], float]) -> Provider:
    """A TURN server of one's own. `InputError` says which credentials are missing."""
    secret = environ.get("LIVEGRAPH_TURN_SECRET", "")
    username, password = environ.get("LIVEGRAPH_TURN_USERNAME", ""), environ.get("LIVEGRAPH_TURN_PASSWORD", "")
    if not secret and not (username and password):
        ways = "LIVEGRAPH_TURN_SECRET, or LIVEGRAPH_TURN_USERNAME and LIVEGRAPH_TURN_PASSWORD"
        raise InputError(f"turn: the environment has no credentials for {url}; set {ways}")

    async def servers() -> list[IceServer]:
        return [rest_server(url, secret, now_s()) if secret else IceServer((url,), username, password)]

    return servers


def check_address(name: str, address: str, schemes: tuple[str, ...]) -> None:
    """`InputError` where aiortc would not understand it."""
    try:
        scheme = parse_stun_turn_uri(address)["scheme"]
    except ValueError:
        scheme = None
    if scheme not in schemes:
        raise InputError(f"{name}: {address!r} is no such address; expected {schemes[0]}:host:port")


class Ice:
    """What all connections of a node may use. Loop thread only, but for the making."""

    def __init__(
        self,
        stun: str = "",
        turn: Provider | None = None,
        relay_only: bool = False,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stun = [IceServer((stun,))] if stun else []
        self._turn = turn
        self.relay_only = relay_only
        self._policy = RTCIceTransportPolicy.RELAY if relay_only else RTCIceTransportPolicy.ALL
        self._now_s = now_s
        self._got: list[IceServer] = []
        self._good_until_s = 0.0
        self._asking = asyncio.Lock()

    async def servers(self) -> list[IceServer]:
        """The STUN server, and TURN servers with credentials that are good for hours. `Refusal` where those who give
        them do not.
        """
        if self._turn is None:
            return self._stun
        async with self._asking:
            if self._now_s() >= self._good_until_s:
                self._got = await self._turn()
                self._good_until_s = self._now_s() + TTL_S / 2
        if not self._got:
            raise Refusal(HTTPStatus.BAD_GATEWAY, "there are no TURN servers to be had")
        return self._stun + self._got

    def configuration(self, servers: list[IceServer]) -> RTCConfiguration:
        """For aiortc, which uses the first STUN and the first TURN server; none at all where the list is empty."""
        listed = [
            RTCIceServer(list(server.urls), server.username or None, server.credential or None) for server in servers
        ]
        return RTCConfiguration(iceServers=listed, iceTransportPolicy=self._policy)
