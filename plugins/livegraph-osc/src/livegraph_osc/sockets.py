"""UDP and TCP, on the controller's loop."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import deque
from functools import partial
from typing import Any

from livegraph import Door
from livegraph_osc.access import Networks
from livegraph_osc.client import Client
from livegraph_osc.codec import LARGEST
from livegraph_osc.framing import Framing, Unframer
from livegraph_osc.receive import Receiver
from livegraph_osc.refused import Refused

log = logging.getLogger(__name__)

RECEIVE_BYTES = 1 << 20
"""The socket's buffer: what comes while the loop is busy elsewhere."""
MOST_HELD = 1 << 18
"""Bytes for one client that does not read."""
MOST_WAITING = 8_192
"""Packets by UDP that the network has not taken yet."""
MOST_CONNECTIONS, MOST_CLIENTS = 32, 1_024
AT_A_TIME = 64
"""Packets of one socket before others have their turn."""
TURN_S, PAUSE_S = 0.005, 0.005
"""A turn ends where packets take long; a pause lies between two looks at a socket by which many come, a third of what a
door gathers changes for anyway.
"""


class Udp:
    """What has come is read in one go. In a stream of packets others have a moment before the next: whoever shares the
    interpreter with this thread is woken less often, and not held up by each packet.
    """

    def __init__(self, receiver: Receiver, networks: Networks, door: Door, address: tuple[str, int]) -> None:
        """`OSError` where that address cannot be had."""
        self._receiver, self._networks, self._door = receiver, networks, door
        self._clients: dict[tuple[Any, ...], Client] = {}
        self._buffer = memoryview(bytearray(LARGEST + 1))
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
            self._socket.bind(address)
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        self._again: asyncio.TimerHandle | None = None
        self._waiting: deque[tuple[bytes, tuple[Any, ...]]] = deque(maxlen=MOST_WAITING)
        self._listen()

    def send(self, to: tuple[Any, ...], packet: bytes) -> None:
        """What the network does not take at once waits; of too much the oldest is lost."""
        waits = bool(self._waiting)
        self._waiting.append((packet, to))
        if not waits and not self._write():
            self._loop.add_writer(self._socket, self._writable)

    def close(self) -> None:
        if self._again is not None:
            self._again.cancel()
        self._waiting.clear()
        self._loop.remove_writer(self._socket)
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _writable(self) -> None:
        if self._write():
            self._loop.remove_writer(self._socket)

    def _write(self) -> bool:
        """Whether all that waited is sent. What cannot be sent at all is lost, as on any way of UDP."""
        while self._waiting:
            try:
                self._socket.sendto(*self._waiting[0])
            except BlockingIOError:
                return False
            except OSError as error:
                log.debug("osc: %s: %s", self._waiting[0][1], error)
            self._waiting.popleft()
        return True

    def _listen(self) -> None:
        self._loop.add_reader(self._socket, self._readable)

    def _readable(self) -> None:
        self._read()
        self._receiver.settle()

    def _read(self) -> None:
        ends_s = self._loop.time() + TURN_S
        for number in range(AT_A_TIME):
            try:
                size, addr = self._socket.recvfrom_into(self._buffer)
            except BlockingIOError:
                if number > 1:
                    self._pause()
                return
            except OSError:  # of one that we sent: nobody was there to take it
                continue
            self._take(bytes(self._buffer[:size]), addr)
            if self._loop.time() > ends_s:
                return

    def _pause(self) -> None:
        self._loop.remove_reader(self._socket)
        self._again = self._loop.call_later(PAUSE_S, self._listen)

    def _take(self, packet: bytes, addr: tuple[Any, ...]) -> None:
        if not self._networks.may(addr[0]):
            self._door.refuse("network")
            return
        client = self._clients.get(addr)
        if client is None:
            if len(self._clients) >= MOST_CLIENTS:
                self._clients.clear()
            client = self._clients[addr] = self._client(addr)
        self._receiver.packet(packet, client)

    def _client(self, addr: tuple[Any, ...]) -> Client:
        host, port, *scope = addr
        return Client(
            f"{host}:{port}", partial(self.send, addr), lambda other: partial(self.send, (host, other, *scope))
        )


class Tcp(asyncio.Protocol):
    """One connection. What is sent to it while it does not read is bounded; then it is cut."""

    def __init__(self, receiver: Receiver, networks: Networks, door: Door, framing: Framing, all_: set[Tcp]) -> None:
        self._receiver, self._networks, self._door, self._all = receiver, networks, door, all_
        self._unframer = Unframer(framing)
        self._packets: deque[bytes] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        host, port = transport.get_extra_info("peername")[:2]
        self.client = Client(f"{host}:{port}", self.send)
        self._all.add(self)
        if not self._networks.may(host):
            self.refuse(Refused("network", "from a network that may not"))
        elif len(self._all) > MOST_CONNECTIONS:
            self.refuse(Refused("clients", f"more than {MOST_CONNECTIONS} connections"))

    def data_received(self, data: bytes) -> None:
        try:
            self._packets.extend(self._unframer.feed(data))
        except Refused as error:
            self.refuse(error)
            return
        self._work()

    def connection_lost(self, error: Exception | None) -> None:
        self._all.discard(self)
        self._packets.clear()
        self._receiver.gone(self.client)

    def send(self, packet: bytes) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(self._unframer.frame(packet))
        if self._transport.get_write_buffer_size() > MOST_HELD:
            self.refuse(Refused("slow", "it does not read what it asked for"))

    def refuse(self, error: Refused) -> None:
        """And cut the connection."""
        self._receiver.refuse(error, self.client)
        self._transport.abort()

    def cut(self) -> None:
        self._transport.abort()

    def _work(self) -> None:
        """A few packets; then others have their turn, and nothing more is read before these are done."""
        for _ in range(min(AT_A_TIME, len(self._packets))):
            self._receiver.packet(self._packets.popleft(), self.client)
        self._receiver.settle()
        if self._packets:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._work)
        elif not self._transport.is_closing():
            self._transport.resume_reading()
