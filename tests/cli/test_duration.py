from __future__ import annotations

import pytest
import typer

from livegraph.cli.duration import clock, seconds


@pytest.mark.parametrize(
    ("text", "expected"), [("10s", 10), ("500ms", 0.5), ("1.5m", 90), ("2 min", 120), ("2h", 7200), ("7", 7)]
)
def test_lengths_of_time(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "-1s", "0", "0s", "1d", "1s2", "nan", "9" * 400])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="no length of time"):
        seconds(text)


def test_clock() -> None:
    assert [clock(7.9), clock(754), clock(3723)] == ["0:07", "12:34", "1:02:03"]
