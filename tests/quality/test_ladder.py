from __future__ import annotations

import pytest

from livegraph.quality.ladder import MOST_PATIENCE_NS, PATIENCE_NS, Climber, Costs


def test_costs_are_learnt_from_steps_and_lie_evenly_between() -> None:
    costs = Costs()
    assert costs.ratio(0, 1) is None
    costs.learn((0, 100.0), (2, 40.0))
    assert costs.ratio(0, 2) == pytest.approx(0.4) and costs.ratio(0, 1) == pytest.approx(0.7)
    assert costs.ratio(2, 0) == pytest.approx(2.5) and costs.ratio(2, 3) is None
    costs.learn((2, 120.0), (3, 60.0))  # slower meanwhile: shares hold
    assert costs.ratio(0, 3) == pytest.approx(0.2)


def test_nothing_is_learnt_where_something_else_changed() -> None:
    costs = Costs()
    costs.learn((0, 100.0), (1, 130.0))
    assert costs.ratio(0, 1) is None
    costs.learn((0, 100.0), (1, 50.0))
    costs.learn((1, 50.0), (0, 200.0))  # level 0 is the measure of all
    assert costs.ratio(1, 0) == pytest.approx(2.0)


def test_rungs_that_rebuild_are_not_reached_with_the_others() -> None:
    climber = Climber((False, False, True, False))
    assert climber.lowest_live == 2 and not climber.lowest
    climber.level = 2
    assert climber.lowest_live == 2
    climber.level = 4
    assert climber.lowest


def test_each_regret_lasts_longer() -> None:
    climber = Climber((False,))
    waits = []
    for _ in range(7):
        climber.regret(0)
        waits.append(climber.not_before_ns)
    assert waits[:3] == [PATIENCE_NS, 2 * PATIENCE_NS, 4 * PATIENCE_NS] and waits[-1] == MOST_PATIENCE_NS
