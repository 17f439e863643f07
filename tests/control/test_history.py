from __future__ import annotations

from livegraph.control.history import DEPTH, TOGETHER_S, History


def test_steps_come_back_in_turn() -> None:
    history = History()
    history.note({"wan.strength": 0.6}, "osc", 0.0)
    history.note({"wan.prompt": "oil"}, "osc", 0.1)
    assert history.back() == {"wan.prompt": "oil"}
    assert history.back() == {"wan.strength": 0.6}
    assert history.back() is None


def test_a_knob_that_is_turned_on_is_one_step() -> None:
    history, now = History(), 0.0
    for step in range(50):
        now += TOGETHER_S / 2
        history.note({"wan.strength": step}, "osc", now)
    assert history.back() == {"wan.strength": 0}
    assert history.back() is None


def test_another_hand_or_a_pause_begins_a_step() -> None:
    history = History()
    history.note({"a.b": 1}, "osc", 0.0)
    history.note({"a.b": 2}, "mqtt", 0.1)
    history.note({"a.b": 3}, "mqtt", 0.2 + TOGETHER_S)
    assert [history.back() for _ in range(3)] == [{"a.b": 3}, {"a.b": 2}, {"a.b": 1}]


def test_it_is_bounded() -> None:
    history = History()
    for step in range(3 * DEPTH):
        history.note({f"n.p{step}": step}, "osc", float(step))
    assert sum(history.back() is not None for _ in range(3 * DEPTH)) == DEPTH
