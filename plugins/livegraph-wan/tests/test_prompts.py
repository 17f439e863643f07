"""Weighted prompts, and the way from one to another."""

import numpy as np
import pytest

from livegraph_wan.prompts import Part, Transition, between, blend, parse


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(shape, np.float32)


def test_one_text_is_one_part() -> None:
    assert parse("an oil painting, thick brush strokes") == (Part("an oil painting, thick brush strokes", 1.0),)
    assert parse("") == (Part("", 1.0),)


def test_weights_are_shares() -> None:
    assert parse("ink on paper: 3 | neon :1") == (Part("ink on paper", 0.75), Part("neon", 0.25))
    assert parse("ink | neon | gold") == tuple(Part(text, pytest.approx(1 / 3)) for text in ("ink", "neon", "gold"))
    assert parse("ink:0|neon:.5") == (Part("neon", 1.0),)


def test_a_colon_that_is_no_weight_is_text() -> None:
    assert parse("blade runner: the city")[0].text == "blade runner: the city"
    assert parse("ratio 16:9 film")[0].text == "ratio 16:9 film"


def test_no_weight_at_all_is_an_error() -> None:
    with pytest.raises(ValueError, match="add up to 0"):
        parse("ink:0 | neon:0")


@pytest.mark.parametrize("how", ["linear", "slerp"])
def test_the_ends_of_a_walk_are_the_prompts(how: str) -> None:
    a, b = random(2, 1, 6, 16)
    np.testing.assert_allclose(between(a, b, 0.0, how), a, atol=1e-5)
    np.testing.assert_allclose(between(a, b, 1.0, how), b, atol=1e-5)
    assert between(a, b, 0.3, how).dtype == np.float32


def test_slerp_keeps_lengths_and_turns_evenly() -> None:
    a, b = np.float32([[[1.0, 0.0]]]), np.float32([[[0.0, 2.0]]])
    made = between(a, b, 1 / 3, "slerp")[0, 0]
    assert np.linalg.norm(made) == pytest.approx(4 / 3)
    assert np.arctan2(made[1], made[0]) == pytest.approx(np.pi / 6)


def test_slerp_of_parallel_or_empty_tokens_is_the_straight_line() -> None:
    a = np.float32([[[1.0, 1.0], [0.0, 0.0], [1.0, 0.0]]])
    b = np.float32([[[3.0, 3.0], [2.0, 4.0], [-1.0, 0.0]]])
    made = between(a, b, 0.5, "slerp")
    np.testing.assert_allclose(made, [[[2.0, 2.0], [1.0, 2.0], [0.0, 0.0]]])


def test_three_prompts_blend_by_their_shares() -> None:
    parts = list(random(3, 1, 4, 8))
    wanted = 0.5 * parts[0] + 0.3 * parts[1] + 0.2 * parts[2]
    np.testing.assert_allclose(blend(parts, [0.5, 0.3, 0.2], "linear"), wanted, atol=1e-6)


def test_a_transition_ends_at_the_prompt_itself() -> None:
    a, b = random(2, 1, 4, 8)
    walk = Transition(a, b, 4, "linear")
    steps = []
    while not walk.over:
        steps.append(walk.step())
    assert len(steps) == 4
    np.testing.assert_allclose(steps[1], (a + b) / 2, atol=1e-6)
    assert steps[-1] is b
