"""Patterns: as a plain reading of OSC 1.0 has them, and in linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph_osc.pattern import LONGEST, Pattern
from livegraph_osc.refused import Refused

LETTER = st.sampled_from("abc-")
WORD = st.text("ab", max_size=2)
TOKEN = st.one_of(
    LETTER,
    st.just("*"),
    st.just("?"),
    st.sampled_from(["[ab]", "[a-b]", "[!a]", "[!a-b]", "[-a]", "[c-]", "[b-a]"]),
    st.lists(WORD, min_size=1, max_size=3).map(lambda words: "{" + ",".join(words) + "}"),
)


def naive(tokens: list[str], text: str) -> bool:
    """What a pattern means, by trying all."""
    if not tokens:
        return not text
    first, *rest = tokens
    if first == "*":
        return any(naive(rest, text[at:]) for at in range(len(text) + 1))
    if first.startswith("{"):
        return any(text.startswith(word) and naive(rest, text[len(word) :]) for word in first[1:-1].split(","))
    return bool(text) and one(first, text[0]) and naive(rest, text[1:])


def one(token: str, character: str) -> bool:
    if token == "?":
        return True
    if not token.startswith("["):
        return token == character
    sets = {"[ab]": "ab", "[a-b]": "ab", "[!a]": "!a", "[!a-b]": "!ab", "[-a]": "-a", "[c-]": "c-", "[b-a]": "ab"}
    return (character in sets[token].lstrip("!")) is not sets[token].startswith("!")


@given(st.lists(TOKEN, max_size=7), st.text("abc-", max_size=8))
def test_it_matches_what_a_plain_reading_matches(tokens: list[str], text: str) -> None:
    assert Pattern("".join(tokens)).matches([text]) == naive(tokens, text)


@given(st.text("ab*?[]{},!-/", max_size=40), st.text("ab-", max_size=10))
def test_whatever_is_written_is_read_or_refused(pattern: str, text: str) -> None:
    try:
        Pattern(pattern).matches(text.split("/"))
    except Refused as error:
        assert error.reason == "pattern"


@pytest.mark.parametrize("text", ["[a", "{a,b", "a]", "a}", "{a,{b}}", "[[a]", "a//b", "x" * (LONGEST + 1), "{a}" * 9])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r".") as refused:
        Pattern(text)
    assert refused.value.reason == "pattern"


def test_a_pattern_stays_within_a_part() -> None:
    assert not Pattern("/livegraph/*").matches(["", "livegraph", "a", "level"])
    assert Pattern("/livegraph/*/lev*").matches(["", "livegraph", "a", "level"])


def test_eighteen_stars_take_no_more_steps_than_they_have_characters() -> None:
    """By this thread's own time, with room for a slow machine: python-osc takes 21 s for it."""
    pattern, text = Pattern("*a" * 18 + "b"), "a" * 60
    began = time.thread_time()
    assert not pattern.matches([text])
    assert time.thread_time() - began < 0.1
