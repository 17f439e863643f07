"""How wan-nano's network is put between noisy latents and clean ones: the same numbers for every backend."""

from typing import Any, NamedTuple

LEFT = 0.3
"""Root mean square error that a step leaves in the clean latents, whose deviation is 1: 0.1 where a channel carries a
picture's colours, 0.5 where it carries the finest detail."""
LEAST = 1e-3
"""Sigma below which nothing is painted: a pass there only fills the cache."""


class Preconditioning(NamedTuple):
    """What multiplies what: `clean = keep * x + write * network(scale * x)`."""

    scale: Any
    keep: Any
    write: Any

    def velocity(self, x: Any, out: Any, sigma: Any) -> Any:
        """`noise - clean`, which is `(x - clean) / sigma`, from what the network gave; finite at 0 too."""
        return ((1 - self.keep) * x - self.write * out) / (sigma + LEAST * (sigma < LEAST))


def precondition(sigma: Any) -> Preconditioning:
    """Factors that keep the network's inputs and targets at unit variance (Karras et al. 2022, section 5), for the path
    `x = (1-s) near + s noise`. `sigma` is an array of any library.

    What lies on the path is `near`, what a step before made, and not yet clean: `clean = near + error`. Something that
    was regressed to the clean latents is softer than they are, and the error has nothing to do with it, so that its
    variance is `v = 1 - LEFT^2`. The best linear guess of the clean latents is then `(1-s) v/q x` with
    `q = (1-s)^2 v + s^2`, and the network's part is what that leaves, `write^2 = 1 - (1-s)^2 v^2/q`. With noise alone
    in mind (`v = 1`) a second step at sigma 0.04 could move the latents by a twentieth of what the first leaves wrong.
    """
    rest, variance = 1 - sigma, 1 - LEFT**2
    energy = variance * rest**2 + sigma**2
    return Preconditioning(1 / energy**0.5, variance * rest / energy, (1 - (variance * rest) ** 2 / energy) ** 0.5)
