"""OSCQuery over HTTP and WebSocket, by `websockets`, on the controller's loop."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from livegraph_osc.access import Networks
from livegraph_osc.client import Client, Subscriber
from livegraph_osc.codec import LARGEST
from livegraph_osc.feedback import Feedback
from livegraph_osc.query import Answers
from livegraph_osc.receive import Receiver
from livegraph_osc.refused import Refused

MOST_SOCKETS, MOST_HELD = 16, 1_024
"""Connections, and messages for one that does not read."""
NAMES = ("localhost", "127.0.0.1", "::1")

log = logging.getLogger(__name__)
log.setLevel(logging.ERROR)  # websockets writes a line for every request that is none


class QueryServer:
    """Answers `GET`; a WebSocket may `LISTEN` to addresses, and send OSC packets."""

    def __init__(self, answers: Answers, receiver: Receiver, feedback: Feedback, networks: Networks) -> None:
        self._answers, self._receiver, self._feedback, self._networks = answers, receiver, feedback, networks
        self._sockets = 0
        self._server: Server | None = None

    async def open(self, host: str, port: int) -> None:
        self._server = await serve(
            self._talk,
            host,
            port,
            process_request=self._answer,
            max_size=LARGEST,
            max_queue=16,
            compression=None,
            server_header=None,
            logger=log,
        )

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """None: let it be a WebSocket."""
        client = _client(connection)
        try:
            self._check(client, request)
        except Refused as error:
            self._receiver.refuse(error, client)
            return _response(HTTPStatus.FORBIDDEN, {"error": str(error)})
        if request.headers.get("Upgrade") is not None:
            full = self._sockets >= MOST_SOCKETS
            return _response(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "too many connections"}) if full else None
        return self._asked(request.path)

    def _asked(self, target: str) -> Response:
        path, _, attribute = target.partition("?")
        try:
            found = self._answers.ask(unquote(path), attribute)
        except KeyError:
            return _response(HTTPStatus.NOT_FOUND, {"error": "nothing is there"})
        except ValueError:
            return _response(HTTPStatus.BAD_REQUEST, {"error": "no such attribute"})
        return _response(HTTPStatus.OK if found is not None else HTTPStatus.NO_CONTENT, found)

    def _check(self, client: Client, request: Request) -> None:
        """A page of another site may not ask, under its own name or under one that it has point here."""
        if not self._networks.may(client.name.rpartition(":")[0]):
            raise Refused("network", "from a network that may not")
        hosts, origins = request.headers.get_all("Host"), request.headers.get_all("Origin")
        if len(hosts) != 1 or not self._known(hosts[0]):
            raise Refused("network", "under a name that this machine does not have")
        if len(origins) > 1 or (origins and origins[0].lower() != f"http://{hosts[0].lower()}"):
            raise Refused("network", "from a page of another site")

    def _known(self, host: str) -> bool:
        """Names can be made to point here; addresses cannot."""
        name = _name(host)
        if self._networks.loopback or name in NAMES:
            return name in NAMES
        own = socket.gethostname().lower().partition(".")[0]
        return name in (own, f"{own}.local") or _numeric(name)

    async def _talk(self, connection: ServerConnection) -> None:
        client = _client(connection)
        waiting: asyncio.Queue[bytes] = asyncio.Queue(MOST_HELD)
        sending = asyncio.create_task(_send(connection, waiting))

        def send(packet: bytes) -> None:
            if waiting.full():
                self._receiver.refuse(Refused("slow", "it does not read"), client)
                connection.transport.abort()
            else:
                waiting.put_nowait(packet)

        client = Client(client.name, send)
        listener = Subscriber(f"osc {client.name}", send, only=set())
        self._sockets += 1
        try:
            self._feedback.add(client.name, listener)
            async for message in connection:
                self._heard(message, client, listener)
        except Refused as error:
            self._receiver.refuse(error, client)
        except ConnectionClosed:
            log.debug("%s has gone", client.name)
        finally:
            self._sockets -= 1
            self._receiver.gone(client)
            sending.cancel()

    def _heard(self, message: str | bytes, client: Client, listener: Subscriber) -> None:
        if isinstance(message, bytes):
            self._receiver.packet(message, client)
            self._receiver.settle()
            return
        try:
            self._command(message, listener)
        except Refused as error:
            self._receiver.refuse(error, client)

    def _command(self, text: str, listener: Subscriber) -> None:
        assert listener.only is not None
        match _json(text):
            case {"COMMAND": "LISTEN", "DATA": str() as path}:
                if not self._answers.has(path):
                    raise Refused("address", "nothing is there")
                listener.only.add(path)
            case {"COMMAND": "IGNORE", "DATA": str() as path}:
                listener.only.discard(path)
            case _:
                raise Refused("malformed", "a command that nobody knows")


async def _send(connection: ServerConnection, waiting: asyncio.Queue[bytes]) -> None:
    try:
        while True:
            await connection.send(await waiting.get())
    except ConnectionClosed:
        log.debug("closed while something was sent")


def _client(connection: ServerConnection) -> Client:
    host, port = connection.remote_address[:2]
    return Client(f"{host}:{port}", lambda packet: None)


def _response(status: HTTPStatus, document: Any) -> Response:
    body = b"" if document is None else json.dumps(document).encode()
    headers = Headers(
        [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Connection", "close")]
    )
    return Response(status.value, status.phrase, headers, body)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("malformed", "no JSON") from None


def _name(host: str) -> str:
    try:
        split = urlsplit(f"//{host}")
        return split.hostname or "" if split.netloc == host and "@" not in host else ""
    except ValueError:
        return ""


def _numeric(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False
