from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from livegraph import Knob
from livegraph_mqtt.payload import DEEPEST, LONGEST, Refused, coerce, encode, json_of, signal_of, text_of, transaction


def knob(kind: Any, **more: Any) -> Knob:
    return Knob("a.x", "a", "x", kind, None, **more)


SHAPE = knob("choice", choices=("sine", "Saw", 2, True))
KNOBS = [knob(kind) for kind in ("number", "integer", "switch", "text", "other")] + [SHAPE]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        *(("switch", "ON", True), ("switch", " off ", False), ("switch", "true", True), ("switch", "0", False)),
        *(("number", "0.5", 0.5), ("number", " -1e3", -1000.0), ("number", "7", 7.0), ("number", ".5", 0.5)),
        *(("integer", "7", 7), ("integer", "7.0", 7), ("text", " as it is\n", " as it is\n"), ("text", "", "")),
        *(("other", '{"a": [1, 2.5]}', {"a": [1, 2.5]}), ("other", "null", None)),
    ],
)
def test_what_is_taken(kind: str, text: str, value: Any) -> None:
    got = coerce(knob(kind), text)
    assert got == value and type(got) is type(value)


def test_choices_are_found_by_their_spelling() -> None:
    assert [coerce(SHAPE, text) for text in ("sine", "SINE", "saw", "2", "ON")] == ["sine", "sine", "Saw", 2, True]
    assert coerce(knob("choice", choices=("a", "A")), "A") == "A"
    with pytest.raises(Refused):
        coerce(knob("choice", choices=("a", "A")), "a ")


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        *(("switch", "maybe", "value"), ("choice", "square", "value"), ("integer", "1.5", "number")),
        *(("number", text, "number") for text in ("nan", "inf", "-Infinity", "1e999", "0x10", "1_0", "", "1,5", "٣")),
        *(("other", "{", "json"), ("other", "NaN", "number"), ("other", "[1e999]", "number")),
        *(("other", "9" * 5000, "json"), ("other", "[" * 50, "depth"), ("other", "[" * 60_000, "depth")),
        *(("other", f"[{'1.5,' * 5_000}1]", "size"), ("other", f"[{'{},' * 5_000}1]", "size")),
    ],
)
def test_what_is_refused_and_how_it_is_counted(kind: str, text: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        coerce(SHAPE if kind == "choice" else knob(kind), text)
    assert refused.value.reason == reason


def test_bytes_are_capped_and_utf8() -> None:
    assert text_of("Käse".encode()) == "Käse"
    for payload, reason in ((b"x" * (LONGEST + 1), "size"), (b"\xff", "encoding")):
        with pytest.raises(Refused) as refused:
            text_of(payload)
        assert refused.value.reason == reason


def test_brackets_in_a_text_are_no_depth() -> None:
    assert json_of(json.dumps("[" * 50 + '"' + "{" * 50)) == "[" * 50 + '"' + "{" * 50
    assert json_of("[" * DEEPEST + "]" * DEEPEST)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(b'"' + b'\\"' * 30_000)
@example(b'"' * 60_000)
@example(b'{"a":' * 10_000)
def test_whatever_comes_is_a_finite_value_or_a_refusal(payload: bytes) -> None:
    for each in KNOBS:
        try:
            value = coerce(each, text_of(payload))
        except Refused:
            continue
        assert not isinstance(value, float) or math.isfinite(value)
    for read in (lambda text: transaction(text, {"a": KNOBS[0]}), lambda text: signal_of(text, "a.0")):
        try:
            read(text_of(payload))
        except Refused:
            continue


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_numbers_come_back_as_they_went(value: float) -> None:
    assert coerce(knob("number"), encode(knob("number"), value)) == pytest.approx(value, rel=1e-6, abs=1e-30)


@given(st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=50), st.lists(st.integers())))
def test_values_come_back_as_they_went(value: Any) -> None:
    kinds = {bool: "switch", int: "integer", str: "text", list: "other"}
    each = knob(kinds[type(value)])
    assert coerce(each, encode(each, value)) == value


def test_a_transaction_takes_values_and_the_texts_of_their_topics() -> None:
    knobs = {"on": knob("switch"), "ratio": knob("number"), "prompt": knob("text")}
    text = json.dumps({"on": "ON", "ratio": "0.5", "prompt": "1", "unknown": [1]})
    assert transaction(text, knobs) == {"on": True, "ratio": 0.5, "prompt": "1", "unknown": [1]}
    for text in ("[]", "1", '{"ratio": true}', '{"on": "perhaps"}'):
        with pytest.raises(Refused):
            transaction(text, knobs)


def test_signals() -> None:
    for text, path, number in (
        *(("1.5", "", 1.5), ("ON", "", 1.0), ("false", "", 0.0), ('{"a": {"b": [3, 4]}}', "a.b.1", 4.0)),
        *(('{"a": true}', "a", 1.0), ('{"a": "7"}', "a", 7.0), ("[5]", "0", 5.0)),
    ):
        assert signal_of(text, path) == number
    for text, path in (("", ""), ("{}", "a"), ("[1]", "a"), ("[1]", "9"), ('{"a": {}}', "a"), ("1", "a"), ("NaN", "")):
        with pytest.raises(Refused):
            signal_of(text, path)
