"""MIDI clock to beats and tempo, on given times."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph_midi.clock import MidiClock, Time, phase


def ticks(clock: MidiClock, count: int, tempo: float = 120.0, begin_s: float = 10.0, jitter_s: float = 0.0) -> float:
    """Returns when the next would come."""
    chance, period_s = random.Random(3), 60 / tempo / 24
    for number in range(count):
        clock.message("clock", begin_s + number * period_s + chance.uniform(0, jitter_s))
    return begin_s + count * period_s


def now(clock: MidiClock, now_s: float) -> Time:
    time = clock.time(now_s)
    assert time is not None
    return time


@given(st.floats(30, 300))
def test_tempo_and_beat(tempo: float) -> None:
    clock = MidiClock()
    clock.message("start", 10.0)
    end_s = ticks(clock, 24 * 8, tempo)
    assert now(clock, end_s).tempo == pytest.approx(tempo) and now(clock, end_s).beat == pytest.approx(8.0)
    assert now(clock, end_s - 30 / tempo).beat == pytest.approx(7.5)


def test_jitter_is_smoothed() -> None:
    clock = MidiClock()
    clock.message("start", 10.0)
    end_s = ticks(clock, 24 * 8, 120.0, jitter_s=0.004)
    assert now(clock, end_s).tempo == pytest.approx(120.0, rel=0.005)
    assert now(clock, end_s).beat == pytest.approx(8.0, abs=0.006), "3 ms of 500"


def test_a_turned_tempo_is_followed_within_a_quarter_of_a_beat() -> None:
    clock = MidiClock()
    end_s = ticks(clock, 96, 120.0)
    later_s = ticks(clock, 12, 60.0, end_s)
    assert now(clock, later_s).tempo == pytest.approx(60.0, rel=0.05)


def test_start_stop_continue_and_song_position() -> None:
    clock = MidiClock()
    end_s = ticks(clock, 30)
    assert now(clock, end_s).beat == pytest.approx(30 / 24), "without a start: from the first tick"
    clock.message("start", end_s)
    end_s = ticks(clock, 36, begin_s=end_s)
    assert now(clock, end_s).beat == pytest.approx(1.5)
    clock.message("stop", end_s)
    assert clock.time(end_s) is None
    clock.message("songpos", end_s, 16)
    clock.message("continue", end_s)
    end_s = ticks(clock, 12, begin_s=end_s)
    assert now(clock, end_s).beat == pytest.approx(4.5), "16 sixteenths are four beats"


def test_one_that_sends_no_more_has_stopped_and_never_runs_ahead() -> None:
    clock = MidiClock()
    end_s = ticks(clock, 48)
    assert now(clock, end_s + 0.1).beat == pytest.approx(2.0)
    assert clock.time(end_s + 1.0) is None
    ticks(clock, 1, begin_s=end_s + 5)
    assert clock.time(end_s + 5) is None, "one tick is no tempo"


def test_two_ticks_at_one_moment_are_borne() -> None:
    clock = MidiClock()
    for _ in range(5):
        clock.message("clock", 1.0)
    assert clock.time(1.0) is None


def test_phase() -> None:
    assert (phase(None), phase(Time(6.25, 120)), phase(Time(6.0, 120), 4)) == (0.0, 0.25, 0.5)
