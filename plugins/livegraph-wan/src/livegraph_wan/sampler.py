"""Rectified-flow sampling: from noisy latents and a velocity to clean ones, in few steps.

The path is `x = (1 - sigma) clean + sigma noise`, the velocity `noise - clean`.
"""

import functools

from torch import Tensor

from livegraph_wan.profile import Profile

GRID = 1000
"""Points of the sigma grid that models of this family were distilled on."""


def warp(sigma: float, shift: float) -> float:
    """Move a sigma of the even grid towards noise (Esser et al. 2024, section 5.3.2)."""
    return shift * sigma / (1 + (shift - 1) * sigma)


@functools.lru_cache(maxsize=256)
def sigma_at(timestep: float, shift: float) -> float:
    """The sigma of the grid point whose timestep `1000 sigma'` is nearest."""
    grid = (warp(1 - i / GRID, shift) for i in range(GRID))
    return min(grid, key=lambda sigma: abs(1000 * sigma - timestep))


def timesteps_for(profile: Profile, noise_scale: float, steps: int) -> tuple[float, ...]:
    """The first `steps` timesteps of a chunk that starts at strength `noise_scale` (0..1).

    The first is the strength's own; scheduled ones at or above it are left out.
    """
    first = max(1.0, min(1000.0, 1000 * noise_scale - profile.strength_offset))
    return (first, *(t for t in profile.timesteps if t < first))[:steps]


def clean_from(x: Tensor, velocity: Tensor, sigma: float) -> Tensor:
    """The clean latents that `x` at `sigma` points to, fp32."""
    return x.float() - sigma * velocity.float()


def renoise(clean: Tensor, noise: Tensor, sigma: float) -> Tensor:
    """Put clean latents back on the path at `sigma`; also how a source is made the start."""
    return (1 - sigma) * clean + sigma * noise
