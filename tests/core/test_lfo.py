from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph.core.lfo import SHAPES, Lfo

SECOND = 1_000_000_000


def lfo(**params: Any) -> Lfo:
    return Lfo(Lfo.Params(**params))


@pytest.mark.parametrize(
    ("shape", "quarters"),
    [
        ("sine", [0, 0.5, 1, 0.5]),
        ("triangle", [0, 0.5, 1, 0.5]),
        ("saw", [0, 0.25, 0.5, 0.75]),
        ("square", [0, 0, 1, 1]),
    ],
)
def test_shapes_at_every_quarter_turn(shape: str, quarters: list[float]) -> None:
    wave = lfo(shape=shape, frequency=1)
    assert [wave.at(k * SECOND // 4) for k in range(4)] == pytest.approx(quarters)
    assert wave.at(7 * SECOND) == pytest.approx(quarters[0])


@given(st.sampled_from(list(SHAPES)), st.integers(0, 10**13), st.floats(0.01, 100), st.floats(0, 1))
def test_values_stay_between_low_and_high_and_are_pure(shape: str, pts_ns: int, frequency: float, phase: float) -> None:
    params = {"shape": shape, "frequency": frequency, "phase": phase, "low": -2.0, "high": 3.0}
    value = lfo(**params).at(pts_ns)
    assert -2 - 1e-9 <= value <= 3 + 1e-9
    assert lfo(**params).at(pts_ns) == value


def test_phase_and_a_range_upside_down() -> None:
    assert lfo(frequency=1, phase=0.5).at(0) == pytest.approx(1)
    assert lfo(frequency=1, low=1, high=0).at(0) == pytest.approx(1)


def test_random_smooth_is_smooth_and_not_the_same_every_turn() -> None:
    wave = lfo(shape="random-smooth", frequency=1)
    values = [wave.at(k * SECOND // 100) for k in range(1000)]
    assert max(abs(a - b) for a, b in pairwise(values)) < 0.02
    assert len({round(wave.at(k * SECOND), 6) for k in range(10)}) == 10
