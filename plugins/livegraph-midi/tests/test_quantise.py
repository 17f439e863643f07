"""What waits for the beat, on a clock that is turned by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from livegraph_midi.clock import Time
from livegraph_midi.quantise import Quantiser


class Stage:
    """Two beats a second from `beat` on, until `stopped`."""

    def __init__(self, beat: float = 0.0) -> None:
        self.now_s, self.beat, self.stopped = 100.0, beat, False
        self.calls: list[tuple[float, Callable[[], None]]] = []
        self.said: list[str] = []
        self.done: list[tuple[str, float]] = []
        self.quantiser = Quantiser(self.music, self.later, self.said.append, lambda: self.now_s)

    def music(self, now_s: float) -> Time | None:
        return None if self.stopped else Time(self.beat + (now_s - 100.0) * 2, 120.0)

    def later(self, seconds: float, doing: Callable[[], None]) -> None:
        self.calls.append((self.now_s + seconds, doing))

    def ask(self, name: str, beats: int, key: str = "") -> None:
        self.quantiser.ask(key or name, lambda: self.done.append((name, self.beat + (self.now_s - 100.0) * 2)), beats)

    def run(self) -> None:
        while self.calls:
            self.calls.sort(key=lambda call: call[0])
            self.now_s, doing = self.calls.pop(0)
            doing()


@pytest.mark.parametrize(("beat", "beats", "at"), [(0.3, 1, 1), (0.3, 4, 4), (4.5, 4, 8), (7.9, 1, 8)])
def test_on_the_next_beat_or_bar(beat: float, beats: int, at: float) -> None:
    stage = Stage(beat)
    stage.ask("x", beats)
    assert stage.done == []
    stage.run()
    assert stage.done == [("x", pytest.approx(at, abs=0.03))]


def test_just_after_the_beat_is_on_it() -> None:
    stage = Stage(4.01)
    stage.ask("x", 4)
    assert [name for name, _ in stage.done] == ["x"] and not stage.said


def test_of_several_by_one_control_the_last_is_done_and_others_wait_beside_it() -> None:
    stage = Stage(0.5)
    stage.ask("first", 1, "knob")
    stage.ask("second", 1, "knob")
    stage.ask("other", 1)
    stage.run()
    assert sorted(name for name, _ in stage.done) == ["other", "second"]


def test_without_a_clock_at_once_and_said_once() -> None:
    stage = Stage()
    stage.stopped = True
    stage.ask("x", 1)
    stage.ask("y", 4)
    assert [name for name, _ in stage.done] == ["x", "y"]
    assert stage.said == ["midi: no clock runs, so what waits for a beat is done at once"]


def test_a_clock_that_stops_or_begins_anew_keeps_nobody_waiting() -> None:
    for turn in ("stop", "start"):
        stage = Stage(101.5)
        stage.ask("x", 1)
        stage.stopped, stage.beat = turn == "stop", 0.0 if turn == "start" else stage.beat
        stage.run()
        assert [name for name, _ in stage.done] == ["x"]
