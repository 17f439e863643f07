from __future__ import annotations

import math
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from livegraph.graph.document import MAX_ALIASES, MAX_VALUES, Refused, Value, parse, scalar
from livegraph.graph.problems import Place, Problems


def read(text: str) -> Value:
    problems = Problems()
    value = parse(text, {}, problems)
    problems.raise_if_any("test")
    return value


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("no", "no"),
        ("on", "on"),
        ("12:30:00", "12:30:00"),
        ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"),
        ("010", 10),
        ("0o17", 15),
        ("0xff", 255),
        ("1e3", 1000.0),
        ("-.5", -0.5),
        ("true", True),
        ("~", None),
        ("", None),
        (".inf", math.inf),
        ("1" * 400, "1" * 400),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, meaning: Any) -> None:
    assert scalar(text) == meaning
    assert type(scalar(text)) is type(meaning)


def test_values_and_keys_know_their_places() -> None:
    document = read("a: 1\nb:\n  - x\n  - {c: d}\n")
    assert document.keys == {"a": Place(1, 1), "b": Place(2, 1)}
    items = document.data["b"].data
    assert [item.place for item in items] == [Place(3, 5), Place(4, 5)]
    assert items[1].data["c"].place == Place(4, 9)
    assert document.plain() == {"a": 1, "b": ["x", {"c": "d"}]}


def test_quoted_scalars_are_text() -> None:
    assert read("[\"1\", '2', !!str 3, 4, | \n]".replace("| \n", "'x'")).plain() == ["1", "2", "3", 4, "x"]


def test_an_alias_is_the_value_of_its_anchor() -> None:
    assert read("a: &x {b: 1}\nc: *x\n").plain() == {"a": {"b": 1}, "c": {"b": 1}}


def test_an_alias_without_anchor_is_refused() -> None:
    with pytest.raises(Refused, match="has no anchor before it"):
        read("a: *x\nb: &x 1\n")


def test_a_billion_laughs_are_not_heard_out() -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    start = time.monotonic()
    with pytest.raises(Refused, match=f"more than {MAX_VALUES} values|more than {MAX_ALIASES} aliases"):
        read("\n".join(lines))
    assert time.monotonic() - start < 2


def test_values_count_as_often_as_they_are_used() -> None:
    row = ", ".join(["x"] * 2000)
    with pytest.raises(Refused, match=f"more than {MAX_VALUES} values"):
        read(f"a: &a [{row}]\nb: [{', '.join(['*a'] * 60)}]\n")


def test_depth_counts_through_aliases() -> None:
    inner = "[" * 12 + "]" * 12
    with pytest.raises(Refused, match="nested deeper than 20 levels"):
        read(f"a: &a {inner}\nb: {'[' * 10}*a{']' * 10}\n")


def quoted_where_it_must_be(text: str) -> bool:
    """PyYAML writes YAML 1.1: it leaves the quotes off a text such as `0E0`, which is a number in 1.2."""
    if isinstance(scalar(text), str):
        return True
    try:
        return not isinstance(yaml.safe_load(text), str)
    except yaml.YAMLError:
        return True


texts = st.text(max_size=20).filter(quoted_where_it_must_be)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(texts.filter(bool), plain, min_size=1, max_size=4))
def test_what_pyyaml_writes_is_read_alike(data: dict[str, Any]) -> None:
    text = yaml.safe_dump(data, default_flow_style=None)
    if "${" in text:
        return
    try:
        assert read(text).plain() == data
    except Refused as refused:
        assert "U+" in str(refused) or "half a character" in str(refused) or "deeper" in str(refused)


@given(st.binary(max_size=300) | st.text("[]{}:,-?&*!|>'\"%#$ \n\tab1", max_size=200).map(str.encode))
def test_whatever_the_bytes_they_are_read_or_refused(raw: bytes) -> None:
    try:
        parse(raw.decode("utf-8", "replace"), {}, Problems())
    except Refused as refused:
        assert str(refused)
