"""The short way of the commonest packet leads where the long one does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livegraph import Knob
from livegraph_osc.board import Board
from livegraph_osc.codec import read, write
from livegraph_osc.places import Places
from livegraph_osc.plain import Plain

PLACES = Places({f"a.{name}": Knob(f"a.{name}", "a", name, "number", 0.0, 0, 1) for name in ("x", "xy", "level")})


@given(st.sampled_from(sorted(PLACES.at)), st.floats(width=32))
def test_it_reads_what_the_codec_reads(address: str, value: float) -> None:
    packet = write(address, value)
    known = Plain(PLACES, Board(())).read(packet)
    assert known is not None
    (message,) = read(packet)[0].messages
    assert known[0].address == message.address and repr(known[1]) == repr(message.arguments[0])


@given(st.binary(max_size=60), st.sampled_from(sorted(PLACES.at)))
def test_any_other_packet_takes_the_long_way(tail: bytes, address: str) -> None:
    plain = Plain(PLACES, Board(()))
    for packet in (tail, write(address), write(address, 1), write(address, "x"), write(address, 0.5, 2.0)):
        assert plain.read(packet) is None
    known = plain.read(write(address, 0.0)[:-4] + tail)
    assert (known is not None) == (len(tail) == 4)


def test_what_a_signal_reads_is_no_parameter() -> None:
    assert Plain(PLACES, Board(["/livegraph/a/x"])).read(write("/livegraph/a/x", 0.5)) is None
