"""Rectified-flow sampling: from noisy latents and a velocity to clean ones, in few steps.

The path is `x = (1 - sigma) clean + sigma noise`, the velocity `noise - clean`. The schedule is plain numbers, and the
same for every backend.
"""

import functools
from typing import NamedTuple

from livegraph_wan.backend import A
from livegraph_wan.profile import Profile

GRID = 1000
"""Points of the sigma grid that models of this family were distilled on."""


class Schedule(NamedTuple):
    """The steps of one chunk."""

    start: float
    """Share of noise in what the first step sees, 0..1; the rest is the source."""
    timesteps: tuple[float, ...]
    """What the transformer is told, 0..1000, falling."""
    sigmas: tuple[float, ...]
    """Of each timestep."""


def warp(sigma: float, shift: float) -> float:
    """Move a sigma of the even grid towards noise (Esser et al. 2024, section 5.3.2)."""
    return shift * sigma / (1 + (shift - 1) * sigma)


@functools.lru_cache(maxsize=256)
def sigma_at(timestep: float, shift: float) -> float:
    """The sigma of the grid point whose timestep `1000 sigma'` is nearest."""
    grid = (warp(1 - i / GRID, shift) for i in range(GRID))
    return min(grid, key=lambda sigma: abs(1000 * sigma - timestep))


def from_noise(profile: Profile, steps: int) -> Schedule:
    """A chunk that starts from nothing but noise: the first `steps` of the profile's own."""
    return _schedule(profile, 1.0, profile.timesteps[:steps])


def from_source(profile: Profile, noise_scale: float, steps: int) -> Schedule:
    """A chunk that starts from a source mixed with noise at strength `noise_scale` (0..1).

    The first timestep is the strength's own, less the profile's offset; scheduled ones at or above it are left out.
    """
    return _schedule(profile, noise_scale, timesteps_from(profile, noise_scale, steps))


def timesteps_from(profile: Profile, noise_scale: float, steps: int) -> tuple[float, ...]:
    """Those of `from_source`: as many as `steps`, or fewer where the strength leaves no more."""
    first = max(1.0, min(1000.0, 1000 * noise_scale - profile.strength_offset))
    return (first, *(t for t in profile.timesteps if t < first))[:steps]


def _schedule(profile: Profile, start: float, timesteps: tuple[float, ...]) -> Schedule:
    return Schedule(start, timesteps, tuple(sigma_at(t, profile.shift) for t in timesteps))


def clean_from(x: A, velocity: A, sigma: float) -> A:
    """The clean latents that `x` at `sigma` points to; all are fp32."""
    return x - sigma * velocity


def renoise(clean: A, noise: A, sigma: float) -> A:
    """Put clean latents back on the path at `sigma`; also how a source is made the start."""
    return (1 - sigma) * clean + sigma * noise
