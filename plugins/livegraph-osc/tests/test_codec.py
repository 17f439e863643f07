"""Packets: what is read, what is refused, and by which word."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph_osc.codec import AT_ONCE, BUNDLE, DEEPEST, LARGEST, MOST_ELEMENTS, read, write
from livegraph_osc.refused import Refused


def bundle(timetag: int, *elements: bytes) -> bytes:
    return BUNDLE + struct.pack(">Q", timetag) + b"".join(struct.pack(">i", len(each)) + each for each in elements)


def nested(depth: int) -> bytes:
    packet = write("/x", 1)
    for _ in range(depth):
        packet = bundle(AT_ONCE, packet)
    return packet


def reason(packet: bytes) -> str:
    with pytest.raises(Refused) as refused:
        read(packet)
    return refused.value.reason


@given(
    st.text("abc/", max_size=20),
    st.lists(st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1) | st.floats(width=32) | st.just("ä"), max_size=8),
)
def test_what_is_written_is_read(name: str, arguments: list[object]) -> None:
    message = read(write(f"/{name}", *arguments))[0].messages[0]
    assert message.address == f"/{name}" and repr(list(message.arguments)) == repr(arguments)


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: b"/a\x00\x00,ifsd" + tail))
def test_whatever_comes_is_read_or_refused(packet: bytes) -> None:
    for each in (packet, b"/" + packet, BUNDLE + packet, bundle(7, packet)):
        try:
            read(each)
        except Refused as error:
            assert error.reason in ("malformed", "type", "size", "depth")


def test_bundles_have_their_caps() -> None:
    assert read(nested(DEEPEST))
    assert reason(nested(DEEPEST + 1)) == reason(nested(1000)) == "depth"
    assert reason(bundle(AT_ONCE, *[write("/x")] * (MOST_ELEMENTS + 1))) == "size"
    assert reason(bundle(AT_ONCE, *[write("/x")] * 7_000)[:LARGEST]) == "size"


def test_an_inner_bundle_is_of_the_outer_one_unless_it_is_later() -> None:
    later, sooner = bundle(9 << 32, write("/later")), bundle(AT_ONCE, write("/sooner"))
    groups = read(bundle(5 << 32, write("/a"), later, sooner))
    assert [[each.address for each in group.messages] for group in groups] == [["/a", "/sooner"], ["/later"]]


@pytest.mark.parametrize(
    ("packet", "word"),
    [
        (b"", "malformed"),
        (b"/a", "malformed"),
        (b"nonsense", "malformed"),
        (b"/a\x00\x00,i", "malformed"),
        (b"/a\x00\x00,s\x00\x00\xff\xfe\x00\x00", "malformed"),
        (b"/\xff\x00\x00,\x00\x00\x00", "malformed"),
        (b"/a\x00\x00,b\x00\x00\x00\x00\x00\x04abcd", "type"),
        (b"/a\x00\x00,[[[", "malformed"),
        (b"/a\x00\x00,[]\x00", "type"),
        (b"/" + b"a" * 300 + b"\x00", "size"),
        (b"/a\x00\x00," + b"T" * 99 + b"\x00" * 4, "size"),
        (b"/a\x00\x00" * (LARGEST // 4 + 1), "size"),
        (BUNDLE + b"\x00" * 4, "malformed"),
        (BUNDLE + b"\x00" * 8 + b"\x7f\xff\xff\xff", "malformed"),
        (BUNDLE + b"\x00" * 8 + b"\xff\xff\xff\xff", "malformed"),
    ],
)
def test_what_cannot_be_read_is_refused(packet: bytes, word: str) -> None:
    assert reason(packet) == word


def test_an_impulse_counts_as_true() -> None:
    assert read(b"/a\x00\x00,I\x00\x00")[0].messages[0].arguments == (True,)
