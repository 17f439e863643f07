from __future__ import annotations

import math

import pytest

from livegraph import Figure


@pytest.mark.parametrize(
    ("value", "at_most", "met"),
    [
        (1.0, True, True),
        (2.0, True, True),
        (2.1, True, False),
        (2.1, False, True),
        (2.0, False, True),
        (1.9, False, False),
        (math.nan, True, False),
        (math.nan, False, False),
    ],
)
def test_the_bar_itself_is_met_and_nothing_measured_meets_none(value: float, at_most: bool, met: bool) -> None:
    assert Figure("a", value, "ms", 2.0, at_most).met is met


def test_what_has_no_bar_misses_none() -> None:
    assert Figure("a", math.nan, "ms").met is True
