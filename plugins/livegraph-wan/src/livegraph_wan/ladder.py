"""Ways to do less work per chunk, a rung after the other, for adaptive quality. Pure logic.

Fewer steps come first, then fewer pixels: both hold from the next chunk on. TAEHV in place of Wan's own VAE comes last,
since the model is loaded anew for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from livegraph_wan.choice import profile_for, taehv_is_here, vae_of
from livegraph_wan.profile import Profile, Task

SHARES = (3 / 4, 1 / 2)
"""Of the resolution that is asked for."""
LEAST = 1 / 4
"""The lowest resolution."""
WORTHWHILE = 0.85
"""Share of the pixels, or of the passes, that a rung may leave at most: a picture that is worse for nothing helps
nobody.
"""

Rung = dict[str, Any]


class Found(NamedTuple):
    """What of the machine decides how far down it goes."""

    profile: Profile
    taehv: bool
    """Whether TAEHV is here and would take the place of Wan's own VAE."""


@lru_cache(maxsize=64)
def found_for(model: str, task: Task, vae: Any) -> Found | None:
    """For a node with these parameters; None where no model can do it. Once: it looks at what was pulled."""
    try:
        profile = profile_for(model, task)
    except ValueError:
        return None
    return Found(profile, vae_of(profile, vae) == "wan" and taehv_is_here())


def ladder(asked: Any, steps: Iterable[int], *, taehv: bool) -> Iterator[Rung]:
    """The rungs below these parameters of a node: fewer `steps`, fewer pixels, and the other VAE. Several processes
    share a picture's tiles, which must come out even: there its size stays.
    """
    rung: Rung = {}
    for count in steps:
        rung = {**rung, "steps": count}
        yield rung
    for resolution in lower(asked.resolution) if asked.topology == "single" else ():
        rung = {**rung, "resolution": resolution}
        yield rung
    if taehv:
        yield {**rung, "vae": "taehv"}


def fewer(steps: int, passes: Callable[[int], int]) -> Iterator[int]:
    """Numbers of steps below `steps`; each saves some of the `passes` that the transformer makes per chunk."""
    last = passes(steps)
    for count in range(steps - 1, 0, -1):
        if passes(count) <= WORTHWHILE * last:
            last = passes(count)
            yield count


def lower(resolution: float) -> Iterator[float]:
    """Resolutions below this one."""
    last = resolution
    for share in SHARES:
        less = max(LEAST, resolution * share)
        if less**2 <= WORTHWHILE * last**2:
            last = less
            yield less
