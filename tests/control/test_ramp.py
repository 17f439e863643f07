from __future__ import annotations

import pytest

from livegraph.control.ramp import CURVES, SHAPES, Ramp

SECOND = 1_000_000_000


@pytest.mark.parametrize("curve", CURVES)
def test_it_begins_at_the_start_ends_exactly_and_only_rises(curve: str) -> None:
    ramp = Ramp(0.1, 0.7, SECOND, 2 * SECOND, curve)  # type: ignore[arg-type]
    values = [ramp.at(SECOND + step * SECOND // 100) for step in range(-10, 250)]
    assert values[0] == values[10] == pytest.approx(0.1)
    assert values[-1] == values[210] == 0.7
    assert values == sorted(values)
    assert not ramp.over(3 * SECOND - 1) and ramp.over(3 * SECOND)


def test_shapes_meet_their_ends() -> None:
    assert all(shape(0.0) == 0 and shape(1.0) == 1 for shape in SHAPES.values())
    assert SHAPES["exponential"](0.5) < SHAPES["linear"](0.5) == SHAPES["smooth"](0.5)


def test_whole_numbers_stay_whole() -> None:
    ramp = Ramp(1, 4, 0, SECOND, whole=True)
    assert [ramp.at(step * SECOND // 6) for step in range(7)] == [1, 1, 2, 2, 3, 3, 4]
    assert all(isinstance(ramp.at(step), int) for step in (0, SECOND // 2, SECOND))
