"""Server: the service `web`. FastAPI on uvicorn, in a thread of its own, so that no request touches the run's loop."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import uvicorn
from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError

from livegraph_server import announce, api, control_api, multipart, page, sockets
from livegraph_server.access import Access, token_for
from livegraph_server.certificate import Certificate, certificate_for
from livegraph_server.connection import Connection
from livegraph_server.content import only
from livegraph_server.control_talk import ControlTalk
from livegraph_server.figures import Reader
from livegraph_server.guard import Guard
from livegraph_server.hosts import ALWAYS, Hosts, own_addresses, own_names
from livegraph_server.listener import listen
from livegraph_server.offers import Offer, Offers
from livegraph_server.patience import Patience
from livegraph_server.refusals import unfitting
from livegraph_server.running import Note
from livegraph_server.socket_connection import SocketConnection

if TYPE_CHECKING:
    from livegraph.runtime.run import Run

BODY = 64 << 10
"""Bytes that a request may have unless its route says more (`max_body_size=`)."""
TO_FINISH_S = 1.0
TO_CANCEL_S = 2
TO_END_S = 2.7
"""When the server ends: after so long connections are cut, what still works on a request is cancelled, and the server
is given up.
"""
KEEP_ALIVE_S = 15
WS_MESSAGE = 8 << 20
"""Bytes of a WebSocket message."""
JSON = "application/json"

T = TypeVar("T")

log = logging.getLogger("livegraph.web")


class Server:
    """Listens from when it is made until `close`, by `run.serving`. `InputError` where it cannot listen.

    `loop` is where its requests run; `address` where a browser finds it.
    """

    loop: asyncio.AbstractEventLoop

    def __init__(self, run: Run) -> None:
        self._run = run
        serving = run.serving
        self._offers = Offers()
        self._routers: list[APIRouter] = []
        self._said: list[str] = []
        listener = self._listener = listen(serving.host, serving.port)
        try:
            token, made = token_for(listener.loopback, os.environ)
            certificate = None if serving.tls is None else certificate_for(serving.tls, self._names(serving.host))
            self._access = Access(token)
            self.address = announce.base_address(listener, "https" if certificate else "http")
            self._start(run, certificate)
        except BaseException:
            listener.socket.close()
            raise
        self._note = Note(run.plan.name, self.address)
        self._tell(run, token if made else None, certificate)

    def include(self, router: APIRouter, accepts: Sequence[str] = (JSON,)) -> None:
        """Add routes, from any thread but the server's; they stand behind the same login, names and limits as all
        others. What changes something takes bodies of the types in `accepts` only; a route that needs more than
        64 KiB says so (`max_body_size=`). The same router again is no error, and adds nothing.
        """
        self._call(lambda: self._include(router, accepts))

    def offer(self, offer: Offer) -> Callable[[], None]:
        """List a video that can be watched, or a place that takes one, on the page and in the API. From any thread;
        calling what is returned withdraws it, which is for `teardown`.
        """
        return self._offers.add(offer)

    def converse(self, door: str, client: str) -> ControlTalk:
        """A conversation about parameters, as over `/api/v1/control`: with one client, of whom the others and the log
        hear by this name, and counted at this door of the run. For the server's loop.
        """
        return ControlTalk(self._run.door(door), client, self._reader)

    def close(self) -> None:
        """End all connections at once, in order where they take it; returns within 3 s."""
        self._note.close()
        with suppress(RuntimeError):  # its loop is closed already
            self.loop.call_soon_threadsafe(self._end)
        self._thread.join(TO_END_S)
        if self._thread.is_alive():
            log.warning("the web server does not end: a request hangs")

    def _start(self, run: Run, certificate: Certificate | None) -> None:
        self._app = FastAPI(
            title="livegraph", openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None, max_body_size=BODY
        )
        self._app.add_exception_handler(RequestValidationError, unfitting)
        config = self._config(run.serving.host, certificate)
        config.load()
        self._uvicorn = uvicorn.Server(config)
        started: Future[asyncio.AbstractEventLoop] = Future()
        main = self._main(run, config.is_ssl, started)
        self._thread = threading.Thread(target=asyncio.run, args=(main,), name="livegraph-web", daemon=True)
        self._thread.start()
        self.loop = started.result()

    def _names(self, asked: str) -> list[str]:
        """By what the machine is reached, `asked` for by `--host` among them."""
        listening = [] if self._listener.everywhere else [asked]
        return list(dict.fromkeys([*ALWAYS, *own_names(), *own_addresses(), *listening]))

    def _config(self, asked: str, certificate: Certificate | None) -> uvicorn.Config:
        """The access log stays off: addresses in it carry login codes."""
        hosts = Hosts(self._listener.host, asked)
        return uvicorn.Config(
            Guard(Patience(self._app), hosts, self._access, self._cookie),
            http=Connection,
            ws=SocketConnection,
            lifespan="off",
            log_config=None,
            log_level=logging.ERROR,  # what others send that is no HTTP is their trouble
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws_max_size=WS_MESSAGE,
            ws_per_message_deflate=False,  # JPEGs become no smaller
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=TO_CANCEL_S,
            ssl_certfile=certificate.certificate if certificate else None,
            ssl_keyfile=certificate.key if certificate else None,
        )

    @property
    def _cookie(self) -> str:
        """With the port in its name: a browser gives the cookies of a host to all servers there."""
        return f"livegraph_{self._listener.port}"

    async def _main(self, run: Run, secure: bool, started: Future[asyncio.AbstractEventLoop]) -> None:
        try:
            self._add_routes(run, secure)
        except BaseException as error:
            started.set_exception(error)
            return
        started.set_result(asyncio.get_running_loop())
        await self._uvicorn.serve([self._listener.socket])

    def _add_routes(self, run: Run, secure: bool) -> None:
        loop = asyncio.get_running_loop()
        self.pictures = multipart.Pictures(loop)
        self.sockets = sockets.Sockets(loop, partial(self.converse, "web"))
        login = api.Login(self._access, self._cookie, secure, self._login_address)
        reader = self._reader = Reader(run, self._said)
        for router in (
            page.router(),
            api.run_router(run.plan, reader, self._offers, not self._access.open),
            control_api.router(run.door("web"), reader),
            api.login_router(login),
            multipart.router(self.pictures),
            sockets.router(self.sockets),
        ):
            self._include(router, (JSON,))

    def _include(self, router: APIRouter, accepts: Sequence[str]) -> None:
        if any(router is other for other in self._routers):
            return
        self._routers.append(router)
        self._app.include_router(router, dependencies=[Depends(only(accepts))])
        self._app.openapi_schema = None  # made anew when asked for

    def _login_address(self, code: str) -> str:
        return f"{self.address}/login?code={code}"

    def _tell(self, run: Run, made_token: str | None, certificate: Certificate | None) -> None:
        """The link and the QR code have a login code each: one is for this machine, the other for a phone."""
        exposed = not self._listener.loopback
        lines = announce.lines(
            self._way_in(),
            made_token,
            login=not self._access.open,
            fingerprint=certificate.fingerprint if certificate else "",
            plain=exposed and certificate is None,
        )
        for line in lines:
            self._said.append(line)
            run.say(line)
        if exposed:
            announce.show_code(self._way_in())

    def _way_in(self) -> str:
        return f"{self.address}/" if self._access.open else self._login_address(self._call(self._access.code))

    def _end(self) -> None:
        self.pictures.close()
        self._uvicorn.should_exit = True
        self.loop.call_later(TO_FINISH_S, self._cut)

    def _cut(self) -> None:
        for connection in list(self._uvicorn.server_state.connections):
            connection.transport.abort()

    def _call(self, function: Callable[[], T]) -> T:
        """On the server's thread, from any other."""

        async def called() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(called(), self.loop).result(TO_END_S)
