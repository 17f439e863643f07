from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegraph_vision.mixing import Pair, Trail
from livegraph_vision.planes import neutral_chroma

ratios = st.floats(0, 1, allow_nan=False)
levels = st.lists(st.integers(0, 255), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(levels, st.lists(ratios, min_size=40, max_size=40))
def test_a_trail_follows_its_formula_whatever_the_ratios_do(seen: list[int], mixed: list[float]) -> None:
    trail, exact = Trail(), float(seen[0])
    for level, ratio in zip(seen, mixed, strict=False):
        plane = np.full((3, 5), level, np.uint8)
        exact = (1 - ratio) * level + ratio * exact
        assert np.abs(trail.mix(plane, ratio).astype(float) - exact).max() <= 0.51


@pytest.mark.parametrize("ratio", [0.3, 0.5, 0.9, 0.98])
@pytest.mark.parametrize(("first", "then"), [(0, 255), (255, 0), (16, 235), (235, 16), (101, 100)])
def test_a_trail_ends_at_the_still_picture_without_residue(ratio: float, first: int, then: int) -> None:
    trail = Trail()
    trail.mix(np.full((2, 2), first, np.uint8), ratio)
    still = np.full((2, 2), then, np.uint8)
    for _ in range(round(7 / (1 - ratio))):
        shown = trail.mix(still, ratio)
    np.testing.assert_array_equal(shown, still)


def test_a_trail_into_black_leaves_no_denormals() -> None:
    trail = Trail()
    for level in [255] + [0] * 1000:
        trail.mix(np.full((2, 2), level, np.uint8), 0.9)
    assert trail._exact is not None
    assert ((trail._exact == 0) | (trail._exact > np.finfo(np.float32).tiny)).all()


def test_at_one_a_trail_freezes() -> None:
    trail = Trail()
    trail.mix(np.full((2, 2), 77, np.uint8), 1)
    assert (trail.mix(np.full((2, 2), 5, np.uint8), 1) == 77).all()


def test_what_a_trail_gave_out_is_not_written_later() -> None:
    trail = Trail()
    given_out = [trail.mix(np.full((2, 2), level, np.uint8), 0.5) for level in (0, 100, 200)]
    assert [int(plane[0, 0]) for plane in given_out] == [0, 50, 125]


def test_a_plane_that_comes_again_is_shared_until_another_comes() -> None:
    trail, neutral = Trail(), neutral_chroma(4, 4)
    assert all(trail.mix(neutral, 0.5) is neutral for _ in range(3))
    red = np.full((2, 2), 228, np.uint8)
    assert (trail.mix(red, 0.5) == 178).all()
    assert (trail.mix(neutral, 0.5) == 153).all()


@settings(max_examples=40, deadline=None)
@given(levels, ratios)
def test_a_pair_is_two_taps_of_the_input(seen: list[int], ratio: float) -> None:
    pair, before = Pair(), seen[0]
    for level in seen:
        shown = pair.mix(np.full((2, 3), level, np.uint8), ratio)
        assert np.abs(shown - ((1 - ratio) * level + ratio * before)).max() <= 0.51
        before = level


def test_mixers_write_into_nothing_they_were_given() -> None:
    for mixer in (Trail(), Pair()):
        planes = [np.full((2, 2), level, np.uint8) for level in (10, 200, 30)]
        for plane in planes:
            plane.setflags(write=False)
            mixer.mix(plane, 0.4)
        assert [int(plane[0, 0]) for plane in planes] == [10, 200, 30]
