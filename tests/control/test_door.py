"""Doors: what comes from outside, from any thread, whatever it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from control_support import Screen, play, three
from hypothesis import given
from hypothesis import strategies as st

from livegraph import ParamError
from livegraph.control.door import LONGEST_TEXT, MOST_VALUES, Door
from livegraph.runtime.run import Run


def asked(**at: Any) -> None:
    play(three(), 1.5, {float(when[1:].replace("_", ".")): action for when, action in at.items()})


def test_only_what_may_be_changed_from_outside_is_reached() -> None:
    def attempt(run: Run) -> None:
        door = run.door("osc")
        for address in ("a.path", "nobody.value", "a", "", "a.value.more", "__class__"):
            with pytest.raises(ParamError, match="no control"):
                door.set({address: "elsewhere"}, "1").result(0)
        assert door.refused["address"] == 6
        assert run.bus.get("a.path") == "here"
        assert "a.path" not in door.knobs and "a.path" not in run.bus.values()

    asked(t0_5=attempt)


def test_what_is_too_large_is_refused() -> None:
    def attempt(run: Run) -> None:
        door = run.door("web")
        for values in ({}, {"a.text": "x" * (LONGEST_TEXT + 1)}, {f"a.{n}": 0 for n in range(MOST_VALUES + 1)}):
            with pytest.raises(ParamError):
                door.set(values).result(0)
        assert door.refused == {"size": 3}

    asked(t0_5=attempt)


def test_of_many_changes_the_last_counts_and_all_are_answered() -> None:
    answers: list[Any] = []
    revisions: list[int] = []

    def flood(run: Run) -> None:
        door = run.door("osc")
        run.bus.listen(lambda change: revisions.append(change.revision))
        answers.extend(door.set({"a.value": number}, "knob") for number in range(5_000))
        answers.append(door.set({"b.value": 7}, "other"))

    def look(run: Run) -> None:
        assert run.bus.get("a.value") == 4_999 and run.bus.get("b.value") == 7
        assert {answer.result(0) for answer in answers} == {1}
        assert revisions == [1]
        assert run.door("osc").taken == 2

    asked(t0_5=flood, t0_6=look)


def test_one_refusal_harms_no_other() -> None:
    answers: list[Any] = []

    def ask(run: Run) -> None:
        door = run.door("mqtt")
        answers.extend(door.set(values, "x") for values in ({"a.value": 3}, {"b.value": -1}, {"c.value": 4}))

    def look(run: Run) -> None:
        good, bad, other = answers
        assert (good.result(0), other.result(0)) == (1, 2) and run.bus.get("c.value") == 4
        with pytest.raises(ParamError, match=r"node b: value: .* \(got -1\)"):
            bad.result(0)
        assert run.door("mqtt").refused == {"value": 1}

    asked(t0_5=ask, t0_6=look)


def test_threads_may_all_come_at_once() -> None:
    answers: list[Any] = []

    def ask(run: Run) -> None:
        def client(number: int) -> None:
            door = run.door("web")
            answers.extend(door.set({"a.value": value, "b.value": value}, f"{number}") for value in range(200))

        threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def look(run: Run) -> None:
        assert len([answer.result(0) for answer in answers]) == 1600
        assert run.bus.get("a.value") == run.bus.get("b.value") == 199

    asked(t0_5=ask, t0_7=look)
    assert all(stamps[0] == stamps[1] for stamps in Screen.seen)


def test_who_comes_after_the_end_is_told() -> None:
    kept: list[Run] = []
    asked(t0_5=kept.append)
    door = kept[0].door("osc")
    for answer in (door.set({"a.value": 1}), door.undo(), door.values()):
        with pytest.raises(Exception, match="the run has ended"):
            answer.result(1)


def test_the_rest_of_the_door() -> None:
    answers: dict[str, Any] = {}

    asks: dict[str, Callable[[Door], Any]] = {
        "preset": lambda door: door.preset("high", "1"),
        "fade": lambda door: door.fade("low", "high", 0.5, "1"),
        "keep": lambda door: door.keep("mine"),
        "presets": lambda door: door.presets(),
        "undo": lambda door: door.undo("1"),
        "reset": lambda door: door.reset(["level"], "1"),
        "values": lambda door: door.values(),
        "unknown": lambda door: door.preset("nothing", "1"),
    }

    def look(run: Run) -> None:
        assert answers["preset"].result(0) == 1 and answers["reset"].result(0) == 4
        assert answers["keep"].result(0) == {"level": 0.5}
        assert set(answers["presets"].result(0)) == {"low", "high", "mine"}
        revision, values = answers["values"].result(0)
        assert revision == 4 and values["level"] == 0.0
        with pytest.raises(ParamError, match="no preset"):
            answers["unknown"].result(0)
        assert run.stats()["control"]["doors"]["web"] == {"taken": 0, "refused": {"value": 1}}

    def then(name: str, ask: Callable[[Door], Any]) -> Callable[[Run], None]:
        return lambda run: answers.__setitem__(name, ask(run.door("web")))

    turns = {0.5 + 0.02 * number: then(name, ask) for number, (name, ask) in enumerate(asks.items())}
    play(three(), 1.5, {**turns, 0.9: look})


def test_what_was_asked_for_first_is_done_first() -> None:
    kept: list[Any] = []

    def ask(run: Run) -> None:
        door = run.door("web")
        door.set({"level": 0.2})

        def both() -> None:
            door.set({"level": 0.3})
            door.preset("high")

        run.later(0.001, both)

    asked(t0_5=ask, t0_6=lambda run: kept.append(run.bus.get("level")))
    assert kept == [0.9]


def test_a_value_after_a_preset_is_the_last_word() -> None:
    kept: list[Any] = []

    def ask(run: Run) -> None:
        door = run.door("osc")
        door.set({"level": 0.2})
        door.preset("high")
        door.set({"level": 0.3}, "another")

    asked(t0_5=ask, t0_6=lambda run: kept.append(run.bus.get("level")))
    assert kept == [0.3]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ADDRESS = st.sampled_from(["a.value", "a.level", "a.open", "a.text", "level", "freeze", "a.path"]) | st.text(
    max_size=12
)


@given(st.lists(st.dictionaries(ADDRESS, ANYTHING, max_size=4), max_size=8))
def test_whatever_comes_is_taken_or_refused_with_a_reason(transactions: list[dict[str, Any]]) -> None:
    def ask(run: Run) -> None:
        door = run.door("any")
        answers = [door.set(values, "x") for values in transactions]
        run.later(0.1, lambda: settled.extend(answer.exception(0) for answer in answers))

    settled: list[BaseException | None] = []
    document = three()
    play(document, 0.4, {0.1: ask})
    assert len(settled) == len(transactions)
    assert all(error is None or isinstance(error, ParamError) for error in settled), settled
    assert all(all(value >= 0 for value in stamps) for stamps in Screen.seen)


class Odd(float):
    """A number that cannot be compared."""

    def __ge__(self, other: object) -> bool:
        raise RuntimeError("what comes is odd")


def test_a_mistake_in_one_change_closes_no_door() -> None:
    answers: list[Any] = []

    def attempt(run: Run) -> None:
        door = run.door("osc")
        answers.append(door.set({"a.value": 1}, "1"))  # the door now looks again a moment later, by itself

    def again(run: Run) -> None:
        door = run.door("osc")
        answers.append(door.set({"level": Odd(0.5)}, "1"))
        answers.append(door.fade("low", "high", Odd(0.5), "1"))

    def after(run: Run) -> None:
        answers.append(run.door("osc").set({"a.value": 3}, "1"))

    asked(t0_5=attempt, t0_505=again, t0_7=after)
    assert answers[0].result(0) == 1 and answers[3].result(0) == 2
    with pytest.raises(ParamError, match="livegraph itself failed"):
        answers[1].result(0)
    with pytest.raises(RuntimeError, match="odd"):
        answers[2].result(0)


def test_a_listener_that_fails_keeps_nobody_from_hearing() -> None:
    heard: list[int] = []

    def attempt(run: Run) -> None:
        run.bus.listen(lambda change: 1 // 0)
        run.bus.listen(lambda change: heard.append(change.revision))
        assert run.bus.set({"a.value": 1}) == 1

    asked(t0_5=attempt)
    assert heard == [1]


def test_many_values_that_are_transactions_of_their_own_cost_one_and_are_judged_one_by_one() -> None:
    revisions: list[int] = []

    def flood(run: Run) -> None:
        door = run.door("osc")
        run.bus.listen(lambda change: revisions.append(change.revision))
        for number in range(100):
            door.set_each({"a.value": number, "b.value": number}, "knobs")
        door.set_each({"a.path": "elsewhere", "a.level": 0.25}, "knobs")
        door.set({"a.value": 7}, "hand")
        door.set_each({"b.value": 9}, "knobs")

    def look(run: Run) -> None:
        assert [run.bus.get(f"{each}.value") for each in "ab"] == [7, 9] and run.bus.get("a.level") == 0.25
        assert revisions == [1], "one transaction, as nothing was refused"
        run.door("osc").set_each({"a.value": -1, "b.value": 2, "level": 3.0}, "knobs")

    def after(run: Run) -> None:
        door = run.door("osc")
        assert run.bus.get("a.value") == 7 and run.bus.get("b.value") == 2 and run.bus.get("a.level") == 0.25
        assert door.refused == {"address": 1, "value": 2} and door.taken == 6

    asked(t0_5=flood, t0_8=look, t1_1=after)
