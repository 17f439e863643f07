"""What moves do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_support import KNOBS, actions, bound, cc, note
from mido import Message

from livegraph_midi.binding import Action, Bindings
from livegraph_midi.mapping import Entry
from livegraph_midi.place import place_of
from livegraph_midi.scale import Scale


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("a.level", [0.0, 64 / 127, 1.0]),
        ("strength", [0.25, 0.25 + 0.5 * 64 / 127, 0.75]),
        ("a.steps", [0, 5, 10]),
        ("a.on", [False, True, True]),
        ("a.mode", ["a", "b", "c"]),
        ({"to": "a.open", "range": [10, -10]}, [10.0, 10 - 20 * 64 / 127, -10.0]),
        ({"to": "a.level", "curve": "smooth"}, [0.0, pytest.approx(0.5059, abs=1e-4), 1.0]),
        ({"to": "a.level", "curve": "exponential"}, [0.0, pytest.approx(0.0312, abs=1e-4), 1.0]),
    ],
)
def test_a_fader(what: Any, values: list[Any]) -> None:
    found = actions(bound("cc 1", what), cc(1, 0), cc(1, 64), cc(1, 127))
    assert found == values and [type(each) for each in found] == [type(each) for each in found[:1]] * 3


def test_a_note_flips_once_a_press() -> None:
    pad = bound("note 36", "a.on")
    assert actions(pad, note(36, 90), note(36, 100), note(36, 0), note(36, 1)) == [True, False]


def test_a_button_that_sends_a_cc_flips_too() -> None:
    assert actions(bound("cc 20", {"to": "a.on", "toggle": True}), cc(20, 127), cc(20, 0), cc(20, 127)) == [True, False]


def test_it_flips_from_how_it_is_now() -> None:
    pad = bound("note 36", "a.on")
    pad.told(True)
    assert actions(pad, note(36, 90)) == [False]


def test_a_note_while_held() -> None:
    assert actions(bound("note 37 hold", "a.on"), note(37, 9), note(37, 8), note(37, 0), note(37, 0)) == [True, False]
    wide = bound("note 37 hold", {"to": "a.open", "value": 5.0})
    assert actions(wide, note(37, 9), note(37, 0)) == [5.0, 0.0]


def test_a_note_of_a_choice_goes_round_and_of_a_number_has_velocity() -> None:
    presses = [message for _ in range(4) for message in (note(1, 127), note(1, 0))]
    assert actions(bound("note 1", "a.mode"), *presses) == ["b", "c", "a", "b"]
    assert actions(bound("note 1", "a.level"), note(1, 127), note(1, 0)) == [1.0]


def test_presets_values_and_fades() -> None:
    assert actions(bound("note 40", {"preset": "ink", "over": 2}), note(40, 1), note(40, 0)) == [Action(preset="ink")]
    assert actions(bound("cc 9", {"preset": "ink"}), cc(9, 127), cc(9, 0)) == [Action(preset="ink")]
    assert actions(bound("cc 9", {"to": "a.text", "value": "fog"}), cc(9, 127), cc(9, 0)) == ["fog"]
    fade = bound("cc 9", {"fade": ["ink", "oil"]})
    assert actions(fade, cc(9, 127)) == [Action(fade=("ink", "oil", 1.0))]
    program = bound("program 3", {"preset": "oil"})
    assert len(actions(program, *[Message("program_change", program=3)] * 2)) == 2


def test_an_encoder_goes_on_from_the_value() -> None:
    knob = bound("cc 16", {"to": "a.level", "relative": "twos", "step": 0.1})
    knob.told(0.5)
    assert actions(knob, cc(16, 1), cc(16, 2), cc(16, 127)) == [
        pytest.approx(0.6),
        pytest.approx(0.8),
        pytest.approx(0.7),
    ]
    assert actions(knob, cc(16, 65)) == [0.0], "63 down: not below the end"


def test_small_steps_of_a_whole_number_add_up() -> None:
    knob = bound("cc 16", {"to": "a.steps", "relative": "offset"})
    assert actions(knob, *[cc(16, 65)] * 26)[-1] == 5


def test_pick_up_waits_until_the_knob_passes_the_value() -> None:
    knob = bound("cc 1", {"to": "a.level", "pickup": True})
    knob.told(0.5)
    assert actions(knob, cc(1, 10), cc(1, 40)) == []
    assert actions(knob, cc(1, 90), cc(1, 91)) == [90 / 127, 91 / 127]
    knob.told(0.1)
    assert actions(knob, cc(1, 80), cc(1, 30)) == []
    assert actions(knob, cc(1, 13)) == [13 / 127]


def test_pick_up_takes_over_where_it_stands_already() -> None:
    knob = bound("cc 1", {"to": "a.level", "pickup": True})
    assert actions(knob, cc(1, 1)) == [1 / 127]


def test_a_certain_channel_goes_before_any() -> None:
    anyone, second = bound("cc 1", "a.level"), bound("cc 1 ch2", "a.on")
    found = Bindings([anyone, second])
    assert found.at(place_of("cc 1 ch2")) is second and found.at(place_of("cc 1 ch3")) is anyone
    assert found.at(place_of("cc 2 ch3")) is None and found.of("a.level") == [anyone] and found.of("") == []


@given(st.floats(0, 1), st.sampled_from(["linear", "smooth", "exponential"]), st.booleans())
def test_there_and_back(share: float, curve: Any, turned: bool) -> None:
    scale = Scale(KNOBS["a.open"], Entry(to="a.open", range=(4, -3) if turned else (-3, 4), curve=curve))
    assert scale.share(scale.value(share)) == pytest.approx(share, abs=1e-6)


@given(
    st.sampled_from([*KNOBS]),
    st.sampled_from(["cc 1", "note 1", "cc 1 hold"]),
    st.lists(st.integers(0, 127), max_size=30),
)
def test_whatever_is_moved_stays_in_range(name: str, key: str, values: list[int]) -> None:
    knob = KNOBS[name]
    if knob.kind == "text":
        return
    what = {"to": name} | ({"range": [-1, 1]} if name == "a.open" else {})
    found = actions(bound(key, what), *[note(1, each) if "note" in key else cc(1, each) for each in values])
    low, high = (-1, 1) if name == "a.open" else (knob.low, knob.high)
    for value in found:
        assert value in knob.choices if knob.choices else knob.kind == "switch" or low <= value <= high
