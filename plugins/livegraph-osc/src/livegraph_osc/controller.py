"""The controller `osc`: a run's knobs over OSC, on a thread and an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, TypeVar

from livegraph import Controller, Door, InputError, Param
from livegraph_osc.access import Networks, destination
from livegraph_osc.board import Board
from livegraph_osc.client import Subscriber
from livegraph_osc.commands import Commands
from livegraph_osc.feedback import PERIOD_S, Feedback
from livegraph_osc.framing import Framing
from livegraph_osc.mdns import Announcement, announce
from livegraph_osc.places import Places
from livegraph_osc.query import Answers
from livegraph_osc.query_server import QueryServer
from livegraph_osc.receive import Receiver
from livegraph_osc.refused import Refused
from livegraph_osc.signal import OscSignal
from livegraph_osc.sockets import Tcp, Udp

TO_ANSWER_S, TO_END_S = 10.0, 2.0

T = TypeVar("T")


class Osc(Controller):
    """Every knob at an address, and feedback to who wants it."""

    host: str = Param("127.0.0.1", remote=False, doc="where to listen; anything but loopback needs allow")
    port: int = Param(9000, ge=0, le=65_535, remote=False, doc="UDP; 0: any free one")
    tcp_port: int = Param(0, ge=0, le=65_535, remote=False, doc="0: no TCP")
    framing: Framing = Param("auto", remote=False, doc="of TCP: a size before each packet (OSC 1.0), or SLIP (OSC 1.1)")
    allow: list[str] = Param(
        [], remote=False, doc="networks that may send, such as 192.168.1.0/24; loopback always may"
    )
    feedback: list[str] = Param([], remote=False, doc="host:port, where all changes are always sent by UDP")
    query_port: int = Param(0, ge=0, le=65_535, remote=False, doc="OSCQuery, by HTTP and WebSocket; 0: none")
    name: str = Param("livegraph", remote=False, pattern=r"^[^\x00./]{1,60}$", doc="how others see it (mDNS, OSCQuery)")

    _thread: threading.Thread | None = None
    _unlisten: Callable[[], None] | None = None
    _udp: Udp | None = None
    _server: asyncio.Server | None = None
    _query: QueryServer | None = None
    _announced: Announcement | None = None
    _receiver: Receiver | None = None

    def start(self) -> None:
        """`InputError` for a port that is taken, and for what lets anybody in."""
        self._host = "127.0.0.1" if self.params.host == "localhost" else self.params.host
        self._networks = Networks(self._host, self.params.allow)
        self._door: Door = self.run.door("osc")
        self._connections: set[Tcp] = set()
        self._places = Places(self._door.knobs)
        self._feedback = Feedback(self._places, self._wake)
        self.board = self._board()
        commands = Commands(self._door, self._places, self._feedback, self.board, time.monotonic)
        self._loop = asyncio.SelectorEventLoop()  # Windows has another by default, which knows no readers
        self._thread = threading.Thread(target=self._serve, name="osc", daemon=True)
        self._thread.start()
        self._receiver = Receiver(self._door, commands, self._feedback, self._loop)
        self._unlisten = self._door.listen(self._feedback.hear).result(TO_ANSWER_S)
        _, values = self._door.values().result(TO_ANSWER_S)
        self._feedback.begin({self._door.knobs[address].target: value for address, value in values.items()})
        self._await(self._open(), TO_ANSWER_S)
        if not self._networks.loopback:
            self._announced = announce(self.params.name, self._host, self._port, self.params.query_port)
        self.run.say(f"osc: {self._host}:{self._port} (UDP)")

    def close(self) -> None:
        if self._announced is not None:
            self._announced.close()
        if self._unlisten is not None:
            self._unlisten()
        if self._thread is not None:
            self._await(self._shut(), TO_END_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(TO_END_S)

    def status(self) -> Mapping[str, Any]:
        if self._receiver is None or self._udp is None:
            return {}
        return {
            "port": self._port,
            "received": self._receiver.received,
            "subscribers": len(self._feedback),
            "connections": len(self._connections),
            "scheduled": len(self._receiver),
        }

    # --- on the controller's loop ----------------------------------------------------------------------------------

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    async def _open(self) -> None:
        """All sockets, or an `InputError` that says which could not be opened."""
        await self._listen("UDP", self.params.port, self._open_udp)
        if self.params.tcp_port:
            await self._listen("TCP", self.params.tcp_port, self._open_tcp)
        if self.params.query_port:
            await self._listen("OSCQuery", self.params.query_port, self._open_query)

    async def _listen(self, what: str, port: int, opening: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await opening()
        except OSError as error:
            raise InputError(f"osc: {what} at {self._host}:{port}: {error.strerror}; choose another port") from None

    async def _open_udp(self) -> None:
        assert self._receiver is not None
        self._udp = Udp(self._receiver, self._networks, self._door, (self._host, self.params.port))
        self._port = self._udp.port
        for text in self.params.feedback:
            to = destination(text)
            self._feedback.add(text, Subscriber("", partial(self._udp.send, to), same_host=f"osc {to[0]}:"))

    async def _open_tcp(self) -> None:
        assert self._receiver is not None
        made = partial(Tcp, self._receiver, self._networks, self._door, self.params.framing, self._connections)
        self._server = await self._loop.create_server(made, self._host, self.params.tcp_port)

    async def _open_query(self) -> None:
        assert self._receiver is not None
        answers = Answers(self._places, self._feedback, self.params.name, self._port)
        self._query = QueryServer(answers, self._receiver, self._feedback, self._networks)
        await self._query.open(self._host, self.params.query_port)

    async def _shut(self) -> None:
        if self._receiver is not None:
            self._receiver.close()
        if self._query is not None:
            await self._query.close()
        if self._server is not None:
            self._server.close()
        for each in tuple(self._connections):
            each.cut()
        if self._udp is not None:
            self._udp.close()
        await asyncio.sleep(0)  # transports close with the next turn of the loop

    def _flush(self) -> None:
        self._feedback.flush(time.monotonic())

    # --- between threads -------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        """On the run's loop: something has changed."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.call_later, PERIOD_S, self._flush)

    def _await(self, doing: Coroutine[Any, Any, T], within_s: float) -> T:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(within_s)

    def _board(self) -> Board:
        wanted: list[Any] = [each.params for each in self.run.plan.functions if issubclass(each.cls, OscSignal)]
        try:
            return Board(each.address for each in wanted)
        except Refused as error:
            raise InputError(f"osc.signal: address: {error}") from None
