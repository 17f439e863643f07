from __future__ import annotations

from typing import Any

import pytest

from livegraph import Knob
from livegraph_osc.coerce import at_share, coerce
from livegraph_osc.refused import Refused

KNOBS = {
    "number": Knob("a.x", "a", "x", "number", 0.0, 0, 2),
    "integer": Knob("a.x", "a", "x", "integer", 0, 0, 10),
    "switch": Knob("a.x", "a", "x", "switch", False),
    "choice": Knob("a.x", "a", "x", "choice", "u", choices=("u", "v")),
    "text": Knob("a.x", "a", "x", "text", ""),
    "other": Knob("a.x", "a", "x", "other", None),
}
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("kind", "sent", "value"),
    [
        ("number", 1, 1.0),
        ("number", "0.5", 0.5),
        ("number", True, 1.0),
        ("integer", 2.6, 3),
        ("integer", "4", 4),
        ("switch", 0.0, False),
        ("switch", "On", True),
        ("choice", "v", "v"),
        ("choice", 1.0, "v"),
        ("text", 2.5, "2.5"),
        ("text", "x", "x"),
    ],
)
def test_what_comes_becomes_what_the_knob_takes(kind: str, sent: Any, value: Any) -> None:
    made = coerce(KNOBS[kind], sent)
    assert made == value and type(made) is type(value)


@pytest.mark.parametrize(
    ("kind", "sent", "word"),
    [
        ("number", NAN, "value"),
        ("number", "inf", "value"),
        ("number", None, "type"),
        ("number", "much", "type"),
        ("integer", INF, "value"),
        ("switch", "perhaps", "type"),
        ("switch", NAN, "value"),
        ("choice", "w", "value"),
        ("choice", 2, "value"),
        ("choice", -INF, "value"),
        ("text", True, "type"),
        ("text", NAN, "value"),
        ("other", 1, "type"),
    ],
)
def test_the_rest_is_refused(kind: str, sent: Any, word: str) -> None:
    with pytest.raises(Refused) as refused:
        coerce(KNOBS[kind], sent)
    assert refused.value.reason == word


def test_shares_are_held_in_range() -> None:
    assert [at_share(KNOBS["integer"], each) for each in (-1, 0.26, 7)] == [0, 3, 10]
