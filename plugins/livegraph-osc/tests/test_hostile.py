"""What an attacker, or a broken program, sends to a real run: refused, counted, and the show goes on."""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from osc_support import Show, Udp, a_show, until

from livegraph_osc.codec import BUNDLE, write
from livegraph_osc.timetags import NTP_TO_UNIX_S


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    with a_show() as made:
        yield made


@pytest.fixture
def client(show: Show) -> Iterator[Udp]:
    with Udp(show.port) as made:
        yield made


def bundle(at_s: float, *elements: bytes) -> bytes:
    timetag = struct.pack(">Q", round((at_s + NTP_TO_UNIX_S) * (1 << 32)) if at_s else 1)
    return BUNDLE + timetag + b"".join(struct.pack(">i", len(each)) + each for each in elements)


def refused(show: Show, client: Udp, packet: bytes, word: str) -> None:
    before = show.refused.get(word, 0)
    client.socket.send(packet)
    until(lambda: show.refused.get(word, 0) > before)


@pytest.mark.parametrize(
    ("address", "argument", "word"),
    [
        ("/livegraph/a/value", math.nan, "value"),
        ("/livegraph/a/open", math.inf, "value"),
        ("/livegraph/a/level/norm", math.nan, "value"),
        ("/livegraph/a/value", 101, "value"),
        ("/livegraph/a/value", "x" * 60_000, "type"),
        ("/livegraph/a/text", "x" * 60_000, "size"),
        ("/livegraph/a/path", "/etc/passwd", "address"),
        ("/livegraph/a/path", "?", "address"),
        ("/livegraph/a/path/norm", 0.5, "address"),
        ("/livegraph/*/path", "/etc/passwd", "address"),
        ("/livegraph/nobody/value", 1, "address"),
        ("/livegraph/reset", "a.path", "address"),
        ("/livegraph/preset/none", True, "value"),
        ("/livegraph/preset", True, "address"),
        ("/livegraph/keep", True, "address"),
        ("/livegraph/fade", 1, "type"),
        ("/livegraph/subscribe", 70_000, "value"),
        ("/livegraph/" + "*a" * 18, 1, "address"),
        ("/livegraph/[a/value", 1, "pattern"),
        ("/livegraph//value", 1, "address"),
        ("//value*", 1, "pattern"),
        ("/other/program", 1, "address"),
    ],
)
def test_a_message_is_refused_by_its_reason(show: Show, client: Udp, address: str, argument: Any, word: str) -> None:
    refused(show, client, write(address, argument), word)
    assert show.get("a.path") == "here" and show.get("a.value") == 0


def nested(depth: int) -> bytes:
    return bundle(0, nested(depth - 1)) if depth else write("/livegraph/a/value", 1)


@pytest.mark.parametrize(
    ("packet", "word"),
    [
        (b"/livegraph/a/text\x00\x00\x00,s\x00\x00\xff\xfe\x00\x00", "malformed"),
        (b"/livegraph/\xff\xfe/value\x00\x00\x00,i\x00\x00\x00\x00\x00\x01", "malformed"),
        (b"/livegraph/a/value\x00\x00,i\x00\x00", "malformed"),
        (b"/livegraph/a/value\x00\x00,b\x00\x00\x00\x00\x00\x04abcd", "type"),
        (b"nonsense", "malformed"),
        (nested(900), "depth"),
        (bundle(0, *[write("/livegraph/a/value", 1)] * 2_000), "size"),
        (BUNDLE + b"\x00" * 8 + b"\x7f\xff\xff\xff", "malformed"),
    ],
)
def test_a_packet_is_refused_by_its_reason(show: Show, client: Udp, packet: bytes, word: str) -> None:
    refused(show, client, packet, word)
    assert show.get("a.value") == 0


def test_the_commonest_packet_is_checked_as_others_are(show: Show, client: Udp) -> None:
    """One float at one address has a way of its own."""
    for value in (math.nan, -math.inf, 1.5):
        refused(show, client, write("/livegraph/a/level", value), "value")
    client.send("/livegraph/a/flip", 1.0)
    show.becomes("a.flip", True)
    client.send("/livegraph/a/shape", 2.0)
    show.becomes("a.shape", "square")
    client.send("/livegraph/a/value/norm", 0.5)
    show.becomes("a.value", 50)
    refused(show, client, write("/livegraph/a/path", 0.5), "address")
    client.send("/livegraph/reset")
    show.becomes("a.value", 0)


def test_a_ramp_without_end_is_refused(show: Show, client: Udp) -> None:
    for more in ((math.nan,), (1e9,), (-1.0,), (1.0, "zigzag"), ("soon",)):
        refused(show, client, write("/livegraph/a/level", 0.5, *more), "type" if more == ("soon",) else "value")


def test_a_bundle_is_whole_or_nothing(show: Show, client: Udp) -> None:
    good = write("/livegraph/a/value", 55)
    refused(show, client, bundle(0, good, write("/livegraph/b/value", 101)), "value")
    refused(show, client, bundle(0, good, write("/livegraph/b/value", "x")), "type")
    refused(show, client, bundle(0, good, write("/livegraph/b/none", 1)), "address")
    refused(show, client, bundle(0, *[write(f"/livegraph/{'?' * n}*/value", 1) for n in range(20)]), "pattern")
    assert show.get("a.value") == 0
    client.socket.send(bundle(0, good, write("/livegraph/b/value", 56)))
    show.becomes("b.value", 56)
    assert show.get("a.value") == 55
    client.send("/livegraph/reset")
    show.becomes("b.value", 0)


def test_timetags(show: Show, client: Udp) -> None:
    refused(show, client, bundle(time.time() + 365 * 86_400, write("/livegraph/a/value", 1)), "timetag")
    client.socket.send(bundle(time.time() - 1_000, write("/livegraph/a/value", 2)))
    show.becomes("a.value", 2)
    client.socket.send(bundle(time.time() + 0.3, write("/livegraph/a/value", 3)))
    assert client.ask("/livegraph/ping", 1).arguments == (1,)  # nobody sleeps meanwhile
    show.becomes("a.value", 3)
    client.send("/livegraph/reset")
    show.becomes("a.value", 0)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from([b"", b"/livegraph/a/value\x00\x00,", BUNDLE + b"\x00" * 8, b"/a"]))
def test_whatever_comes_the_show_goes_on(show: Show, client: Udp, tail: bytes, head: bytes) -> None:
    client.socket.send(head + tail)


def test_after_all_that_it_still_answers(show: Show, client: Udp, caplog: pytest.LogCaptureFixture) -> None:
    assert client.ask("/livegraph/ping", 9).arguments == (9,)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
