"""Signals, outside of a run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from midi_support import cc, reading
from pydantic import ValidationError

from livegraph_midi.clock import Time
from livegraph_midi.decode import Move
from livegraph_midi.nodes import MidiClock, MidiLink, MidiSignal, given
from livegraph_midi.place import Place
from livegraph_midi.surface import MOST, Surface


@pytest.fixture
def surface() -> Surface:
    return Surface()


def play(surface: Surface, *messages: Any) -> None:
    for message in messages:
        move = surface.decoder.read(message)
        if move is not None:
            surface.moved(move)


def test_a_knob_is_a_signal(surface: Surface) -> None:
    signal = reading(surface, MidiSignal, source="cc 7/39", low=10, high=20, default=0.5)
    assert signal.at(0) == 15.0
    second = reading(surface, MidiSignal, source="cc 7/39 ch2")
    play(surface, cc(7, 127), cc(39, 127))
    assert signal.at(1) == 20.0 and second.at(1) == 0.0
    play(surface, cc(7, 127, 2), cc(39, 127, 2))
    assert second.at(1) == 1.0


def test_before_anything_comes_it_is_the_default(surface: Surface) -> None:
    assert reading(surface, MidiSignal, source="cc 1", default=0.25).at(0) == 0.25
    assert reading(surface, MidiClock).at(0) == reading(surface, MidiLink, give="tempo").at(0) == 0.0


def test_a_place_that_is_none_is_an_error_of_the_graph() -> None:
    with pytest.raises(ValidationError, match=r"'ccc' is no kind of place\. Did you mean cc"):
        MidiSignal.Params(source="ccc 1")


@pytest.mark.parametrize(("give", "value"), [("phase", 0.5), ("bar", 0.625), ("beat", 6.5), ("tempo", 120.0)])
def test_what_a_clock_gives(surface: Surface, give: Any, value: float) -> None:
    assert given(give, Time(6.5, 120.0), 4) == value and given(give, None, 4) == 0.0
    surface.clock.time = lambda now_s: Time(6.5, 120.0)  # type: ignore[method-assign]
    assert reading(surface, MidiClock, give=give).at(0) == value
    surface.link = SimpleNamespace(time=lambda now_s: Time(6.5, 120.0))  # type: ignore[assignment]
    assert reading(surface, MidiLink, give=give).at(0) == value


def test_memory_is_bounded(surface: Surface) -> None:
    for number in range(3 * MOST):
        surface.moved(Move(Place("nrpn", number >> 7, number & 127, 1), 0.5))
    assert len(surface._shares) <= MOST + 1
