"""Learning: from messages to lines of a map."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from midi_support import cc, note
from mido import Message, Parser

from livegraph_midi.cli import learnt
from livegraph_midi.learn import LONGEST, Learner
from livegraph_midi.mapping import read_map


def ccs(number: int, *values: int) -> list[Message]:
    return [cc(number, value) for value in values]


TICK = Message("clock")
PAIR = [message for value in (3, 4, 60, 100) for message in (cc(7, value), TICK, cc(39, 5))]
NRPN = [cc(99, 1), cc(98, 5), *[message for value in (1, 2, 3) for message in (cc(6, value), cc(38, 0))]]


@pytest.mark.parametrize(
    ("messages", "line"),
    [
        (ccs(1, 12, 13, 15, 96), "cc 1: node.parameter  # 7 bit, 12 to 96"),
        ([cc(1, 64)], "cc 1: node.parameter  # 7 bit, 64 to 64"),
        ([cc(20, 127), cc(20, 0)], "cc 20: {to: node.parameter, toggle: true}  # button, 0 to 127"),
        (PAIR, "cc 7/39: node.parameter  # 14 bit, 3 to 100"),
        (NRPN, "nrpn 1:5: node.parameter  # 14 bit, 1% to 2%"),
        (
            [cc(16, value) for value in (1, 1, 2, 127)],
            "cc 16: {to: node.parameter, relative: twos}  # encoder, 1 to 127",
        ),
        (
            [cc(16, value) for value in (65, 65, 63)],
            "cc 16: {to: node.parameter, relative: offset}  # encoder, 63 to 65",
        ),
        ([cc(16, value) for value in (1, 1, 65)], "cc 16: {to: node.parameter, relative: sign}  # encoder, 1 to 65"),
        ([note(36, 100), note(36, 0)], "note 36: node.parameter  # note, 0% to 79%"),
        ([Message("pitchwheel", pitch=8191, channel=3)], "bend: node.parameter  # bend, 100% to 100%"),
        ([Message("program_change", program=3)], "program 3: {preset: NAME}  # program, 100% to 100%"),
    ],
)
def test_what_was_moved(messages: list[Message], line: str) -> None:
    learner = Learner()
    for message in messages:
        learner.hear(message)
    assert learner.lines() == ["map:", f"  {line}"]
    document: dict[str, Any] = yaml.safe_load("\n".join(learner.lines()))
    assert len(read_map(document["map"])) == 1


def test_two_knobs_thirty_two_apart_are_no_pair() -> None:
    learner = Learner()
    for message in [*[cc(7, value) for value in range(9)], *[cc(39, value) for value in range(9)]]:
        learner.hear(message)
    assert [str(each.place) for each in learner.findings()] == ["cc 7 ch1", "cc 39 ch1"]


def test_channels_are_named_where_there_are_several() -> None:
    lines = learnt(iter([cc(1, 5, 1), cc(1, 5, 2)]), lambda text: None)
    assert [line.split(":")[0] for line in lines[1:]] == ["  cc 1 ch1", "  cc 1 ch2"]


def test_it_is_shown_once_and_again_when_it_turns_out_to_be_something_else() -> None:
    shown: list[str] = []
    learnt(iter([*[cc(16, value) for value in (5, 5, 5, 5)], note(1, 9), note(1, 0)]), shown.append)
    assert shown == ["cc 16 ch1: 7 bit", "cc 16 ch1: twos", "note 1 ch1: note"]


def test_clock_and_sysex_are_nothing() -> None:
    assert learnt(iter([Message("clock"), Message("sysex", data=[1])]), lambda text: None) == []


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    parser = Parser()
    parser.feed(data)
    lines = learnt(iter(parser), lambda text: None)
    assert not lines or isinstance(yaml.safe_load("\n".join(lines)), dict)


def test_memory_is_bounded() -> None:
    learner = Learner()
    for number in range(3 * LONGEST):
        learner.hear(cc(1, number % 128))
    assert len(learner._ccs[next(iter(learner._ccs))].values) == LONGEST
