from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph import Knob, ParamError
from livegraph_mqtt.board import Board
from livegraph_mqtt.commands import Commands
from livegraph_mqtt.topics import Topics

KNOBS = {
    "trail": Knob("trail", "a", "ratio", "number", 0.0, 0.0, 1.0, control=True),
    "a.on": Knob("a.on", "a", "on", "switch", False),
    "a.crop": Knob("a.crop", "a", "crop", "other", None),
}


class Notebook:
    """What a door is asked, and by what it was refused."""

    knobs = KNOBS

    def __init__(self, error: ParamError | None = None) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.refused: Counter[str] = Counter()
        self._error = error

    def set(self, values: dict[str, Any]) -> Future[int]:
        return self._note("set", values)

    def preset(self, name: str) -> Future[int]:
        return self._note("preset", name)

    def undo(self) -> Future[int]:
        return self._note("undo", None)

    def reset(self) -> Future[int]:
        return self._note("reset", None)

    def refuse(self, reason: str) -> None:
        self.refused[reason] += 1

    def _note(self, what: str, value: Any) -> Future[int]:
        self.asked.append((what, value))
        answer: Future[int] = Future()
        if self._error is None:
            answer.set_result(1)
        else:
            answer.set_exception(self._error)
        return answer


def commands(door: Notebook, sprung: list[str], signals: tuple[str, ...] = ("hall",)) -> Commands:
    board = Board((topic, "") for topic in signals)
    return Commands(door, Topics("b", KNOBS), board, sprung.extend)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("topic", "payload", "asked"),
    [
        ("b/control/trail/set", b"0.5", ("set", {"trail": 0.5})),
        ("b/set", b'{"trail": 1, "a.on": "OFF"}', ("set", {"trail": 1, "a.on": False})),
        ("b/preset/set", b"ink", ("preset", "ink")),
        ("b/undo", b"PRESS", ("undo", None)),
        ("b/reset", b"", ("reset", None)),
    ],
)
def test_each_topic_asks_for_its_own_unless_it_is_retained(topic: str, payload: bytes, asked: tuple[str, Any]) -> None:
    door = Notebook()
    commands(door, []).take(topic, payload, False)
    assert door.asked == [asked] and not door.refused
    commands(door, []).take(topic, payload, True)
    assert door.asked == [asked] and door.refused == {"retained": 1}


def test_what_is_refused_springs_back_wherever_it_was_refused() -> None:
    door, sprung = Notebook(ParamError("no")), []  # type: ignore[var-annotated]
    taker = commands(door, sprung)
    taker.take("b/control/trail/set", b"nan", False)
    assert sprung == ["trail"] and not door.asked
    taker.take("b/set", b'{"trail": 7, "none": 1}', False)
    assert sprung == ["trail", "trail"] and door.refused == {"number": 1}


def test_a_state_is_no_command_and_a_signal_may_be_retained() -> None:
    door = Notebook()
    taker = commands(door, [])
    taker.take("b/control/trail/state", b"0.5", False)
    taker.take("hall", b"3", True)
    assert not door.asked and not door.refused
    taker.take("hall", b"dark", True)
    assert door.refused == {"number": 1}


@given(
    st.sampled_from(["b/control/trail/set", "b/a/crop/set", "b/set", "b/no/such/set", "b/preset/set", "hall"]),
    st.binary(max_size=100)
    | st.text(max_size=100).map(str.encode)
    | st.recursive(
        st.none() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    ).map(lambda value: repr(value).replace("'", '"').encode()),
    st.booleans(),
)
def test_nothing_that_comes_raises(topic: str, payload: bytes, retained: bool) -> None:
    commands(Notebook(), []).take(topic, payload, retained)
