from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph.core.envelope import Envelope

MS = 1_000_000


def envelope(**params: Any) -> Envelope:
    return Envelope(Envelope.Params(**{"attack": 0.1, "decay": 0.2, "sustain": 0.5, "release": 0.4, **params}))


def turn(node: Envelope, pts_ms: int, **params: Any) -> float:
    """From here on other parameters hold."""
    node.params = node.params.model_copy(update=params)
    return node.at(pts_ms * MS)


def test_attack_decay_sustain_release() -> None:
    node = envelope()
    assert node.at(0) == 0
    assert turn(node, 1000, gate=True) == 0
    shape = [node.at(pts * MS) for pts in (1050, 1100, 1200, 1300, 2000)]
    assert shape == pytest.approx([0.5, 1, 0.75, 0.5, 0.5])
    assert turn(node, 2000, gate=False) == pytest.approx(0.5)
    assert [node.at(pts * MS) for pts in (2100, 2200, 2300)] == pytest.approx([0.25, 0, 0])


def test_a_gate_that_opens_anew_rises_from_where_it_is() -> None:
    node = envelope(gate=True)
    node.at(1000 * MS)
    turn(node, 1000, gate=False)
    assert turn(node, 1100, gate=True) == pytest.approx(0.25)
    assert node.at(1175 * MS) == pytest.approx(1)


def test_no_time_at_all_is_at_once() -> None:
    node = envelope(attack=0, decay=0, release=0, low=-1, high=3)
    assert node.at(0) == -1
    assert turn(node, 10, gate=True) == -1
    assert node.at(11 * MS) == 1
    turn(node, 20, gate=False)
    assert node.at(21 * MS) == -1


def test_a_gate_that_is_open_from_the_start_opened_at_the_beginning_of_the_stream() -> None:
    assert envelope(gate=True).at(50 * MS) == pytest.approx(0.5)


def test_again_and_again() -> None:
    node = envelope(every=1, length=0.1, release=0.4)
    beat = [node.at(pts * MS) for pts in (0, 50, 100, 300, 500, 999, 1000, 1050, 1100)]
    assert beat == pytest.approx([0, 0.5, 1, 0.5, 0, 0, 0, 0.5, 1])


@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=40), st.sampled_from([0.0, 0.07, 0.5, 2.0]))
def test_how_often_it_is_looked_at_does_not_matter(steps: list[int], length: float) -> None:
    params = {"every": 0.7, "length": length, "decay": 0.03, "sustain": 0.3}
    node = envelope(**params)
    pts = 0
    for step in steps:
        pts += step
        seen = node.at(pts * MS)
        assert 0 <= seen <= 1
    assert seen == pytest.approx(envelope(**params).at(pts * MS), abs=1e-6)


def test_a_trigger_opens_it_from_a_half_on() -> None:
    node = envelope(attack=0)
    node.at(0, trigger=0.0)
    node.at(100 * MS, trigger=0.5)
    assert node.at(101 * MS, trigger=0.2) == pytest.approx(0.9975)
    assert node.at(601 * MS, trigger=0.2) == 0
    node.at(700 * MS, trigger=1.0)
    node.reset()
    assert node.at(701 * MS, trigger=None) == 0


def test_parameters_that_change_on_the_way_hold_from_then_on() -> None:
    node = envelope(gate=True, attack=1.0)
    node.at(0)
    assert turn(node, 500, attack=0.5) == pytest.approx(0.5)
    assert node.at(750 * MS) == pytest.approx(1)
