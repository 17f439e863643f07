"""UDP and TCP, on the controller's loop."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import Any

from livegraph import Door
from livegraph_osc.access import Networks
from livegraph_osc.client import Client
from livegraph_osc.framing import Framing, Unframer
from livegraph_osc.receive import Receiver
from livegraph_osc.refused import Refused

RECEIVE_BYTES = 1 << 20
"""The socket's buffer: what comes while the loop is busy elsewhere."""
MOST_HELD = 1 << 18
"""Bytes for one client that does not read."""
MOST_CONNECTIONS, MOST_CLIENTS = 32, 1_024
AT_A_TIME = 64
"""Packets of one connection before others have their turn."""


class Udp(asyncio.DatagramProtocol):
    def __init__(self, receiver: Receiver, networks: Networks, door: Door) -> None:
        self._receiver, self._networks, self._door = receiver, networks, door
        self._clients: dict[tuple[Any, ...], Client] = {}

    def connection_made(self, transport: Any) -> None:
        """A `DatagramTransport`, which asyncio's own is by its methods and not by its class."""
        self._transport: asyncio.DatagramTransport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if not self._networks.may(addr[0]):
            self._door.refuse("network")
            return
        client = self._clients.get(addr)
        if client is None:
            if len(self._clients) >= MOST_CLIENTS:
                self._clients.clear()
            client = self._clients[addr] = self._client(addr)
        self._receiver.packet(data, client)

    def send(self, to: tuple[Any, ...], packet: bytes) -> None:
        if self._transport.is_closing():
            return
        self._transport.sendto(packet, to)

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
        if self._packets:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._work)
        elif not self._transport.is_closing():
            self._transport.resume_reading()
