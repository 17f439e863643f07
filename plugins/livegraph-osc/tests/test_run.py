"""A real run, by UDP."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from osc_support import Show, Udp, a_show


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    with a_show() as made:
        yield made


@pytest.fixture
def client(show: Show) -> Iterator[Udp]:
    with Udp(show.port) as made:
        yield made
        made.send("/livegraph/reset")
        for address in ("a.level", "a.value", "b.value"):  # what is set before it is done would be reset with it
            show.becomes(address, 0)


def test_a_value_is_set_and_asked_for(show: Show, client: Udp) -> None:
    client.send("/livegraph/a/level", 0.25)
    show.becomes("a.level", 0.25)
    assert client.ask("/livegraph/a/level").arguments == (0.25,)
    assert client.ask("/livegraph/control/level/norm", "?").arguments == (0.5,)


def test_a_pattern_reaches_all(show: Show, client: Udp) -> None:
    client.send("/livegraph/{a,b}/val*", 7)
    show.becomes("a.value", 7)
    show.becomes("b.value", 7)


def test_who_changed_it_is_not_told_and_others_are(show: Show, client: Udp) -> None:
    with Udp(show.port) as other:
        for each in (client, other):
            each.send("/livegraph/subscribe", "norm")
            each.drain()
        client.send("/livegraph/a/level", 0.5)
        told = {each.address: each.arguments for each in other.drain()}
        assert told["/livegraph/a/level"] == told["/livegraph/a/level/norm"] == (0.5,)
        assert told["/livegraph/control/level"] == (0.5,) and told["/livegraph/control/level/norm"] == (1.0,)
        assert client.drain() == []
        client.send("/livegraph/undo")
        assert other.hears("/livegraph/a/level").arguments == (0.0,)
        for each in (client, other):
            each.send("/livegraph/unsubscribe")


def test_a_place_that_is_always_told_is_not_told_of_its_own() -> None:
    with Udp(1) as place:
        port = place.socket.getsockname()[1]
        place.socket.close()
        with a_show(feedback=[f"127.0.0.1:{port}"]) as show, Udp(show.port, at=port) as heard, Udp(show.port) as client:
            show.run.ask(lambda: show.run.bus.set({"a.value": 5}, origin="web")).result(10)
            assert heard.hears("/livegraph/a/value").arguments == (5,)
            heard.drain()
            client.send("/livegraph/a/value", 6)
            show.becomes("a.value", 6)
            assert heard.drain() == []


def test_what_the_network_does_not_take_at_once_is_sent_later(show: Show, client: Udp) -> None:
    """As on a slow network, the socket takes one packet at a time."""
    udp = show.osc._udp
    assert udp is not None
    real = udp._socket
    udp._socket = Slow(real)  # type: ignore[assignment]
    try:
        client.send("/livegraph/{a,b}/*")
        assert len(client.drain()) == 12
    finally:
        udp._socket = real


class Slow:
    """Every second packet is put off."""

    def __init__(self, real: socket.socket) -> None:
        self._real, self._taken = real, False

    def sendto(self, packet: bytes, to: tuple[str, int]) -> int:
        self._taken = not self._taken
        if not self._taken:
            raise BlockingIOError
        return self._real.sendto(packet, to)

    def recvfrom_into(self, buffer: memoryview) -> tuple[int, tuple[str, int]]:
        size, address = self._real.recvfrom_into(buffer)
        return size, address

    def fileno(self) -> int:
        return self._real.fileno()
