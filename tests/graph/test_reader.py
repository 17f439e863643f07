from __future__ import annotations

import math
from typing import Any

import pytest

from livegraph.graph.reader import nanoseconds


@pytest.mark.parametrize(
    ("written", "ns"),
    [
        (0, 0),
        (1.5, 1_500_000_000),
        ("200ms", 200_000_000),
        ("2s", 2_000_000_000),
        ("1m", 60_000_000_000),
        (".5 s", 500_000_000),
        ("40us", 40_000),
        ("1h", 3_600_000_000_000),
    ],
)
def test_durations(written: Any, ns: int) -> None:
    assert nanoseconds(written) == ns


@pytest.mark.parametrize("written", [-1, math.nan, math.inf, 10**400, True, None, "", "2", "ms", "1e3s", "-1s", [1]])
def test_what_is_no_duration(written: Any) -> None:
    assert nanoseconds(written) is None
