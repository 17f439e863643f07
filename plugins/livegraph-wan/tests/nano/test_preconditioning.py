"""What stands between noisy latents and the network keeps its unit variance, and leaves a second step its reach."""

import pytest
import torch
from torch import Tensor

from livegraph_wan.nano.preconditioning import LEAST, LEFT, precondition


def drawn(sigma: float) -> tuple[Tensor, Tensor]:
    """Clean latents, and what stands on the path at `sigma` to a regression's idea of them."""
    generator = torch.Generator().manual_seed(1)
    near, error, noise = torch.randn(3, 200_000, generator=generator)
    near *= (1 - LEFT**2) ** 0.5
    return near + LEFT * error, (1 - sigma) * near + sigma * noise


@pytest.mark.parametrize("sigma", [0.0, 0.04, 0.3, 0.8, 1.0])
def test_inputs_and_targets_have_unit_variance(sigma: float) -> None:
    clean, x = drawn(sigma)
    by = precondition(torch.tensor(sigma))
    assert (by.scale * x).std() == pytest.approx(1, abs=0.01)
    target = (clean - by.keep * x) / by.write
    assert target.std() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("sigma", [0.02, 0.04, 0.3, 0.8, 1.0])
def test_a_network_that_is_right_gives_the_clean_latents(sigma: float) -> None:
    clean, x = drawn(sigma)
    s = torch.tensor(sigma)
    by = precondition(s)
    velocity = by.velocity(x, (clean - by.keep * x) / by.write, s)
    torch.testing.assert_close(x - s * velocity, clean, atol=1e-5, rtol=0)


def test_a_second_step_reaches_as_far_as_the_first_was_wrong() -> None:
    by = precondition(torch.tensor(0.04))
    assert by.write == pytest.approx(LEFT, rel=0.05)
    assert by.keep * 0.96 == pytest.approx(1, abs=0.01)  # and leaves what it was given as it is, where it says nothing


def test_where_nothing_is_painted_the_velocity_is_finite() -> None:
    sigma = torch.tensor([0.0, LEAST / 2, LEAST])
    assert precondition(sigma).velocity(torch.ones(3), torch.ones(3), sigma).isfinite().all()
