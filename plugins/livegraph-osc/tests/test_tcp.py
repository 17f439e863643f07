"""TCP, both framings."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial
from itertools import cycle

import pytest
from osc_support import Show, a_show, free_port, until

from livegraph_osc.codec import read, write
from livegraph_osc.framing import Framing, Unframer

FRAMINGS: tuple[Framing, ...] = ("slip", "size")


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    with a_show(tcp_port=free_port()) as made:
        yield made


def sized(show: Show, number: int) -> bool:
    return show.refused.get("size", 0) == number


def connect(show: Show) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", show.osc.params.tcp_port), 10)
    made.settimeout(10)
    return made


@pytest.mark.parametrize("framing", FRAMINGS)
def test_in_and_out(show: Show, framing: Framing) -> None:
    with connect(show) as client:
        coding = Unframer(framing)
        client.sendall(
            coding.frame(write("/livegraph/a/value", 0xC0 - 0xA0)) + coding.frame(write("/livegraph/ping", 5))
        )
        packets: list[bytes] = []
        while not packets:
            packets += coding.feed(client.recv(1_000))
        assert read(packets[0])[0].messages[0].arguments == (5,)
        show.becomes("a.value", 32)
        client.sendall(coding.frame(write("/livegraph/reset")))
        show.becomes("a.value", 0)


def test_a_string_of_a_megabyte_ends_the_connection(show: Show) -> None:
    for number, framing in enumerate(FRAMINGS, 1):
        with connect(show) as client:
            try:
                client.sendall(Unframer(framing).frame(write("/livegraph/a/text", "x" * 1_000_000)))
                assert client.recv(1) == b""
            except ConnectionError:
                pass  # cut while it was sent
        until(partial(sized, show, number))
    until(lambda: show.osc.status()["connections"] == 0)


def test_one_that_does_not_read_is_cut(show: Show) -> None:
    with connect(show) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.sendall(Unframer("size").frame(write("/livegraph/subscribe")))
        texts = (letter * 9_000 for letter in cycle("xy"))

        def cut() -> bool:
            show.run.ask(partial(show.run.bus.set, dict.fromkeys(("a.text", "b.text"), next(texts)))).result(10)
            return bool(show.refused.get("slow"))

        until(cut, 30)
    until(lambda: show.osc.status()["connections"] == 0)


def test_connections_are_limited(show: Show) -> None:
    made = [connect(show) for _ in range(34)]
    until(lambda: show.refused.get("clients"))
    for each in made:
        each.close()
    until(lambda: show.osc.status()["connections"] == 0)
