"""Messages to moves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_support import cc, note
from mido import Message, Parser

from livegraph_midi.decode import Decoder, Move, bend_share, steps_of
from livegraph_midi.feedback import messages
from livegraph_midi.place import Place, place_of


def read(decoder: Decoder, *sent: Message) -> list[Any]:
    return [decoder.read(message) for message in sent]


def told(decoder: Decoder, *sent: Message) -> list[tuple[str, float]]:
    return [(str(move.place), move.share) for move in read(decoder, *sent) if isinstance(move, Move)]


def test_seven_bits() -> None:
    assert told(Decoder(), cc(1, 0), cc(1, 127, 16)) == [("cc 1 ch1", 0.0), ("cc 1 ch16", 1.0)]


def test_notes_bend_pressure_program() -> None:
    off = Message("note_off", note=36, velocity=64)
    bend, press = Message("pitchwheel", pitch=8191, channel=1), Message("aftertouch", value=127)
    sent = (note(36, 127), note(36, 0), off, bend, press, Message("program_change", program=3))
    assert told(Decoder(), *sent) == [
        ("note 36 ch1", 1.0),
        ("note 36 ch1", 0.0),
        ("note 36 ch1", 0.0),
        ("bend ch2", 1.0),
        ("pressure ch1", 1.0),
        ("program 3 ch1", 1.0),
    ]


def test_the_wheel_at_rest_is_the_middle() -> None:
    assert (bend_share(-8192), bend_share(0), bend_share(8191)) == (0.0, 0.5, 1.0)


def test_fourteen_bits_come_as_one_value() -> None:
    decoder = Decoder([place_of("cc 7/39")])
    assert told(decoder, cc(7, 127), cc(39, 127), cc(7, 0), cc(39, 1)) == [
        ("cc 7/39 ch1", 1.0),
        ("cc 7/39 ch1", 1 / 16383),
    ]


def test_the_lower_half_alone_refines() -> None:
    decoder = Decoder([place_of("cc 7/39")])
    assert told(decoder, cc(7, 64), cc(39, 0), cc(39, 5))[-1] == ("cc 7/39 ch1", (64 * 128 + 5) / 16383)


def test_a_device_that_sends_the_upper_half_only_reaches_both_ends() -> None:
    decoder = Decoder([place_of("cc 7/39")])
    assert told(decoder, cc(7, 1), cc(7, 127), cc(7, 0)) == [("cc 7/39 ch1", 1.0), ("cc 7/39 ch1", 0.0)]


def test_channels_have_halves_of_their_own() -> None:
    decoder = Decoder([place_of("cc 7/39")])
    sent = (cc(7, 127, 1), cc(7, 0, 2), cc(39, 127, 1), cc(39, 0, 2))
    assert told(decoder, *sent) == [("cc 7/39 ch1", 1.0), ("cc 7/39 ch2", 0.0)]


def test_halves_of_one_channel_are_plain_on_another() -> None:
    assert told(Decoder([place_of("cc 7/39 ch1")]), cc(39, 127, 2)) == [("cc 39 ch2", 1.0)]


@pytest.mark.parametrize(("kind", "msb", "lsb"), [("nrpn", 99, 98), ("rpn", 101, 100)])
def test_parameter_numbers(kind: str, msb: int, lsb: int) -> None:
    decoder = Decoder([place_of(f"{kind} 1:5")])
    sent = (cc(msb, 1), cc(lsb, 5), cc(6, 127), cc(38, 127), cc(msb, 127), cc(lsb, 127), cc(6, 1))
    assert told(decoder, *sent) == [(f"{kind} 1:5 ch1", 1.0), ("cc 6 ch1", 1 / 127)]


def test_without_a_parameter_in_the_map_its_controllers_are_plain() -> None:
    assert told(Decoder(), cc(99, 1), cc(6, 127)) == [("cc 99 ch1", 1 / 127), ("cc 6 ch1", 1.0)]


@pytest.mark.parametrize(
    ("relative", "ups", "downs"),
    [("twos", (1, 3), (127, 125)), ("offset", (65, 67), (63, 61)), ("sign", (1, 3), (65, 67))],
)
def test_encoders(relative: str, ups: tuple[int, int], downs: tuple[int, int]) -> None:
    assert [steps_of(raw, relative) for raw in (*ups, *downs)] == [1, 3, -1, -3]


def test_what_is_no_move() -> None:
    sysex = Message("sysex", data=[1, 2, 3])
    sent = (sysex, Message("active_sensing"), Message("polytouch", note=1), Message("quarter_frame"))
    assert read(Decoder(), *sent) == ["sysex", None, None, None]


@given(
    st.sampled_from(["cc 3", "cc 7/39", "nrpn 1:5", "rpn 0:1", "note 60", "bend"]), st.floats(0, 1), st.integers(1, 16)
)
def test_what_goes_back_is_what_comes(text: str, share: float, channel: int) -> None:
    place = place_of(text).on(channel)
    decoder = Decoder([place])
    moves = [decoder.read(Message(kind, **fields)) for kind, fields in messages(place, share)]
    last = moves[-1]
    assert isinstance(last, Move) and last.place == place
    fine = place.kind in ("pair", "nrpn", "rpn", "bend")
    assert last.share == pytest.approx(
        share, abs=0.51 / (16383 if fine else 127) + (1e-4 if place.kind == "bend" else 0)
    )


@given(st.binary(max_size=400))
def test_any_bytes_are_borne(data: bytes) -> None:
    """Running status, cut messages, sysex without an end: mido makes messages of them, or nothing."""
    parser = Parser()
    parser.feed(data)
    decoder = Decoder([place_of("cc 7/39"), place_of("nrpn 1:5")])
    for message in parser:
        move = decoder.read(message)
        assert move is None or move in ("sysex", "unknown") or 0 <= move.share <= 1  # type: ignore[union-attr]


def test_memory_is_bounded() -> None:
    decoder = Decoder([Place("nrpn")])
    for number in range(5_000):
        read(decoder, cc(99, number >> 7), cc(98, number & 127), cc(6, 1))
    assert len(decoder._halves) <= 1024
