from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph.core.math import Math

SECOND = 1_000_000_000


def made(op: str, **params: Any) -> Math:
    return Math(Math.Params(op=op, **params))


def test_a_range_onto_another_and_on_beyond_it() -> None:
    node = made("map", from_low=-1, from_high=1, low=10, high=20)
    assert [node.at(0, a) for a in (-1.0, 0.0, 1.0, 2.0)] == [10, 15, 20, 25]
    assert made("map", low=1, high=0).at(0, 0.25) == 0.75
    nothing = made("map", from_low=0.5, from_high=0.5)
    assert [nothing.at(0, a) for a in (0.4, 0.5, 0.6)] == [0, 0, 1]


def test_clamp() -> None:
    assert [made("clamp", low=-1, high=2).at(0, a) for a in (-3.0, 0.5, 9.0)] == [-1, 0.5, 2]


@pytest.mark.parametrize(
    ("op", "of_two", "of_three"), [("sum", 5, 9), ("product", 6, 24), ("min", 2, 2), ("max", 3, 4)]
)
def test_two_signals_and_a_constant_as_far_as_they_are_there(op: str, of_two: float, of_three: float) -> None:
    assert made(op).at(0, 2.0) == 2
    assert made(op).at(0, 2.0, None) == 2
    assert made(op).at(0, 2.0, 3.0) == of_two
    assert made(op, constant=4).at(0, 2.0, 3.0) == of_three


def test_a_step_is_smoothed_by_its_time_constant() -> None:
    node = made("smooth", time=0.5)
    assert node.at(0, 0.0) == 0
    assert node.at(SECOND // 2, 1.0) == pytest.approx(1 - math.exp(-1))
    assert node.at(SECOND, 1.0) == pytest.approx(1 - math.exp(-2))
    assert made("smooth", time=0).at(SECOND, 7.0) == 7


@given(st.lists(st.integers(1, SECOND), min_size=1, max_size=30))
def test_how_often_a_standing_value_is_looked_at_does_not_matter(steps: list[int]) -> None:
    node = made("smooth", time=0.3)
    node.at(0, 0.0)
    pts = 0
    for step in steps:
        pts += step
        seen = node.at(pts, 1.0)
    assert seen == pytest.approx(1 - math.exp(-pts / 1e9 / 0.3))


def test_another_operation_forgets_what_was_smoothed() -> None:
    node = made("smooth", time=10)
    node.at(0, 0.0)
    node.params = Math.Params(op="sum")
    assert node.at(1, 5.0) == 5
    node.params = Math.Params(op="smooth", time=10)
    assert node.at(2, 5.0) == 5
