"""Transactions on a running graph, on virtual time: what the sink sees is what counts."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from control_support import Screen, Window, play, three

from livegraph import ParamError
from livegraph.control.change import Change, Request
from livegraph.runtime.run import Run


def test_a_transaction_switches_three_nodes_on_one_frame() -> None:
    """A thousand times, at any moment, whatever work is under way."""
    chance = random.Random(5)
    asked = {1.0 + trial * 0.037 + chance.random() * 0.03: trial for trial in range(1, 1001)}
    at = {when: lambda run, v=v: run.bus.set({"a.value": v, "b.value": v, "c.value": v}) for when, v in asked.items()}
    play(three(), 41.0, at)
    assert all(len(set(stamps)) == 1 for stamps in Screen.seen), "on the same source frame"
    values = [stamps[0] for stamps in Screen.seen]
    assert values == sorted(values) and values[-1] == 1000
    assert len(set(values)) > 600


def test_nothing_of_a_refused_transaction_is_applied() -> None:
    def attempt(run: Run) -> None:
        with pytest.raises(ParamError, match=r"node b: value"):
            run.bus.set({"a.value": 5, "b.value": "much"})
        assert run.bus.revision == 0 and run.bus.get("a.value") == 0

    play(three(), 1.0, {0.5: attempt})
    assert all(set(stamps) == {0} for stamps in Screen.seen)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_refused(number: float) -> None:
    def attempt(run: Run) -> None:
        with pytest.raises(ParamError, match="finite number"):
            run.bus.set({"a.open": number})

    play(three(), 1.0, {0.5: attempt})


def test_a_ramp_has_a_value_of_its_own_on_every_frame() -> None:
    play(three(), 3.0, {1.0: lambda run: run.bus.set({"a.level": 1.0, "b.value": 9}, over_s=1.0)})
    levels = Screen.levels
    moving = [level for level in levels if 0 < level < 1]
    assert 28 <= len(moving) <= 30, "30 a second"
    steps = [after - before for before, after in pairwise(moving)]
    assert all(step == pytest.approx(1 / 30, abs=1e-6) for step in steps)
    assert levels[-1] == 1.0
    whole = [stamps[1] for stamps in Screen.seen]
    assert whole == sorted(whole) and whole[-1] == 9


def test_a_hand_takes_a_ramp_over() -> None:
    hands = {
        1.0: lambda run: run.bus.set({"a.level": 1.0}, over_s=1.0),
        1.5: lambda run: run.bus.set({"a.level": 0.25}),
    }
    play(three(), 3.0, hands)
    assert Screen.levels[-1] == 0.25
    assert max(Screen.levels) < 0.55


@pytest.mark.parametrize("ramp", [{"over_s": -1.0}, {"over_s": float("nan")}, {"over_s": 1.0, "curve": "bumpy"}])
def test_a_ramp_that_makes_no_sense_is_refused(ramp: dict[str, Any]) -> None:
    def attempt(run: Run) -> None:
        with pytest.raises(ParamError, match="a ramp takes"):
            run.bus.set({"a.level": 1.0}, **ramp)

    play(three(), 1.0, {0.5: attempt})


def test_undo_and_reset() -> None:
    def hands(run: Run) -> None:
        bus = run.bus
        bus.set({"a.value": 1, "a.level": 0.5}, origin="osc 1")
        bus.set({"b.value": 2}, origin="osc 2")
        bus.undo()
        assert (bus.get("b.value"), bus.get("a.value")) == (0, 1)
        bus.undo()
        assert (bus.get("a.value"), bus.get("a.level")) == (0, 0.0)
        with pytest.raises(ParamError, match="nothing to undo"):
            bus.undo()
        bus.set({"a.value": 7, "c.value": 8})
        bus.reset(["a.value"])
        assert (bus.get("a.value"), bus.get("c.value")) == (0, 8)
        bus.reset()
        assert bus.get("c.value") == 0

    play(three(), 1.0, {0.5: hands})


def test_presets_are_applied_kept_and_faded() -> None:
    def hands(run: Run) -> None:
        bus = run.bus
        bus.preset("high")
        assert (bus.get("a.level"), bus.get("b.value")) == (0.9, 10)
        bus.fade("low", "high", 0.5)
        assert (bus.get("level"), bus.get("b.value"), bus.get("c.value")) == (0.5, 6, 4)
        bus.set({"level": 0.7})
        assert bus.keep("mine") == {"level": 0.7}
        bus.reset()
        bus.preset("mine")
        assert bus.get("a.level") == 0.7
        for name, text in (("hgh", "Did you mean high"), ("no such", "no preset")):
            with pytest.raises(ParamError, match=text):
                bus.preset(name)
        for name in ("", "../../etc", "x" * 65):
            with pytest.raises(ParamError, match="a preset is named"):
                bus.keep(name)
        with pytest.raises(ParamError, match="a fade goes from 0 to 1"):
            bus.fade("low", "high", 1.5)

    play(three(), 1.0, {0.5: hands})


def test_who_listens_hears_all_but_what_they_asked_for() -> None:
    heard: list[Change] = []

    def hands(run: Run) -> None:
        end = run.bus.listen(heard.append)
        requests = [Request({"level": 0.3}, "osc 1"), Request({"b.value": 4}, "mqtt"), Request({"level": 0.4}, "osc 2")]
        assert run.bus.transact(requests) == [1, 1, 1]
        refused = run.bus.transact([Request({"b.value": "x"}, "osc 1"), Request({"c.value": 6}, "osc 1")])
        assert isinstance(refused[0], ParamError) and refused[1] == 2
        end()
        run.bus.set({"level": 0.9})

    play(three(), 1.0, {0.5: hands})
    first, second = heard
    assert first.values == {"a.level": 0.4, "b.value": 4} and first.revision == 1
    assert first.for_others("osc 2") == {"b.value": 4}
    assert first.for_others("osc 1") == {"a.level": 0.4, "b.value": 4}, "it asked for another level"
    assert second.values == {"c.value": 6}


def test_what_came_from_the_environment_is_not_told() -> None:
    document = three()
    document["nodes"]["a"]["params"] = {"text": "${SECRET_TEXT}"}
    told: list[Any] = []

    def hands(run: Run) -> None:
        run.bus.listen(lambda change: told.append(dict(change.values)))
        told.append(run.bus.values()["a.text"])
        run.bus.set({"a.value": 1})

    play(document, 1.0, {0.5: hands}, env={"SECRET_TEXT": "hunter22"})
    assert told == ["***", {"a.value": 1}]


def test_presets_and_defaults_tell_neither_what_is_hidden_nor_what_came_from_the_environment() -> None:
    document = three()
    document["nodes"]["a"]["params"] = {"text": "${SECRET_TEXT}"}
    document["controls"] |= {"words": "a.text", "place": "a.path"}
    document["presets"] = {"all": {"level": 0.1, "a.path": "there", "place": "there", "words": "of ${SECRET_TEXT}"}}

    def hands(run: Run) -> None:
        bus = run.bus
        assert bus.shown_presets() == {"all": {"level": 0.1, "words": "of ***"}}
        assert bus.keep("mine") == {"level": 0.0, "words": "***"} == bus.shown_presets()["mine"]
        assert {bus.knobs[each].document()["default"] for each in ("words", "a.text")} == {"***"}
        bus.preset("all")
        assert (bus.get("a.path"), bus.get("a.text")) == ("there", "of ***"), "the file may set what it likes"
        bus.preset("mine")
        assert bus._versions["a"].latest.text == "hunter22"  # type: ignore[attr-defined]

    play(document, 1.0, {0.5: hands}, env={"SECRET_TEXT": "hunter22"})


def shown(
    at: Mapping[float, Callable[[Run], Any]], duration_s: float = 3.0, **source: Any
) -> list[tuple[float, Any, bool]]:
    """When what was shown: time, the picture's number, whether it was black."""
    document = {
        "livegraph": 1,
        "mode": "live",
        "nodes": {"src": {"use": "test.painter", "params": source}, "out": {"use": "test.window", "in": "src"}},
    }
    play(document, duration_s, at)
    return Window.shown


def test_a_freeze_holds_the_picture_that_was_shown() -> None:
    seen = shown({1.0: lambda run: run.bus.set({"freeze": True}), 2.0: lambda run: run.bus.set({"freeze": False})})
    frozen = [number for when, number, _ in seen if 1.04 < when < 2.0]
    before = max(number for when, number, _ in seen if when <= 1.0)
    assert len(frozen) > 20 and set(frozen) == {before}
    after = [number for when, number, _ in seen if when > 2.04]
    assert after == sorted(after) and after[0] > before + 25


def test_a_blackout_is_black_from_the_next_picture_on() -> None:
    seen = shown({1.0: lambda run: run.bus.set({"blackout": True}), 2.0: lambda run: run.bus.set({"blackout": False})})
    assert all(black for when, _, black in seen if 1.034 < when < 2.0)
    assert not any(black for when, _, black in seen if when <= 1.0 or when > 2.034)
    assert sum(black for *_, black in seen) > 20


def test_a_blackout_needs_no_picture_to_come() -> None:
    seen = shown({1.0: lambda run: run.bus.set({"blackout": True})}, 2.0, silent_after=20)
    black = [when for when, _, is_black in seen if is_black]
    assert len(black) == 1 and 1.0 <= black[0] < 1.1


def test_they_are_on_every_graph_and_in_the_statistics_they_are_knobs() -> None:
    def look(run: Run) -> None:
        assert run.bus.values()["freeze"] is False
        assert run.bus.knobs["blackout"].kind == "switch"

    play(three(), 1.0, {0.5: look})
