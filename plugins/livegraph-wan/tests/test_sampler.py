"""The schedule, and the algebra of one step."""

import dataclasses

import pytest
import torch

from livegraph_wan.profile import WAN_NANO
from livegraph_wan.sampler import clean_from, from_source, renoise, sigma_at, warp

SHIFTED = dataclasses.replace(WAN_NANO, timesteps=(700, 500, 400, 200), shift=8.0, strength_offset=100)


def test_warp_gives_the_published_steps() -> None:
    """Self-Forcing: 1000, 750, 500, 250 under a shift of 5."""
    warped = [1000 * warp(t / 1000, 5) for t in (1000, 750, 500, 250)]
    assert warped == pytest.approx([1000, 937.5, 833.333, 625], abs=1e-2)


def test_sigma_is_that_of_the_nearest_grid_point() -> None:
    assert sigma_at(1000, 8) == 1
    assert sigma_at(437.3, 1) == pytest.approx(0.437)
    grid = [warp(1 - i / 1000, 8) for i in range(1000)]
    assert sigma_at(700, 8) in grid
    assert abs(sigma_at(700, 8) - 0.7) == min(abs(sigma - 0.7) for sigma in grid)


@pytest.mark.parametrize(
    ("strength", "steps", "wanted"),
    [(0.8, 2, (700, 500)), (0.55, 3, (450, 400, 200)), (0.6, 4, (500, 400, 200)), (1.0, 1, (900,))],
)
def test_strength_replaces_the_first_step(strength: float, steps: int, wanted: tuple[float, ...]) -> None:
    assert from_source(SHIFTED, strength, steps).timesteps == pytest.approx(wanted)


def test_a_strength_of_nothing_is_still_a_step() -> None:
    assert from_source(WAN_NANO, 0.0, 1).timesteps == (1.0,)


def test_the_true_velocity_leads_to_the_clean_latents() -> None:
    clean, noise = torch.randn(2, 1, 16, 1, 4, 4)
    for sigma in (0.05, 0.5, 1.0):
        x = renoise(clean, noise, sigma)
        torch.testing.assert_close(clean_from(x, noise - clean, sigma), clean, atol=1e-5, rtol=0)
