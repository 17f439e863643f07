"""What the part `quality` makes of a run: its figures from ages and levels. The run itself takes a minute."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from livegraph_wan.bench import quality
from livegraph_wan.bench.case import case_of
from livegraph_wan.bench.options import Asked

CASE = case_of(Asked(backend="torch-cpu"))


def figures(ages: list[tuple[float, float]], levels: list[tuple[float, float]]) -> list[float]:
    bench = quality.Slowed(pictures=None, slow=(10.0, 20.0), levels=levels)  # type: ignore[arg-type]
    return [figure.value for figure in quality._figures(CASE, quality.Seen(bench, ages, []), budget_ms=200)]


def aged(age: Any) -> list[tuple[float, float]]:
    """Fifty pictures a second, each as old as `age` says."""
    return [(number / 50, age(number / 50)) for number in range(1_500)]


def test_late_for_two_seconds_and_back_a_while_after() -> None:
    ages = aged(lambda at: 500.0 if 10 <= at < 12 else 100.0)
    assert figures(ages, [(10.5, -1.5), (24.0, -1.0), (28.0, 0.0)]) == [2, pytest.approx(8.0), 1]


def test_a_hiccup_of_a_twentieth_does_not_count_but_more_does() -> None:
    assert figures(aged(lambda at: 500.0 if 15 <= at < 15.1 else 100.0), []) == [0, 0, 0]
    assert figures(aged(lambda at: 500.0 if 15 <= at < 17 else 100.0), [])[0] == 7


def test_quality_that_does_not_come_back_is_told() -> None:
    assert figures(aged(lambda at: 500.0), [(11.0, -1.0), (25.0, -0.5), (26.0, -1.0)]) == [inf, inf, 2]
