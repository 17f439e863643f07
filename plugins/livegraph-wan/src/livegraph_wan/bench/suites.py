"""What a machine is promised to do, as cases with bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from livegraph_wan.bench.case import Case, case_of
from livegraph_wan.bench.options import Asked, Suite
from livegraph_wan.profile import STREAMDIFFUSION_1_3B, STREAMDIFFUSION_14B, Profile

H200: Sequence[tuple[Profile, tuple[int, int], float]] = (
    (STREAMDIFFUSION_1_3B, (832, 480), 100),
    (STREAMDIFFUSION_1_3B, (512, 512), 170),
    (STREAMDIFFUSION_14B, (832, 480), 15),
)
"""Model, size and frames per second, on one H100 or H200: random weights, TAEHV both ways, 2 steps, a window of 6."""


def h200(asked: Asked) -> list[Case]:
    """All of `H200` that what was said leaves; whatever else was said holds instead. Bars are for a GPU, and for their
    own sizes.
    """
    rows = [row for row in H200 if asked.profile in (None, row[0].name)]
    return list(dict.fromkeys(_row(asked, profile, size, fps) for profile, size, fps in rows))


def _row(asked: Asked, profile: Profile, size: tuple[int, int], fps: float) -> Case:
    case = case_of(
        replace(
            asked,
            profile=profile.name,
            size=asked.size or size,
            steps=asked.steps or 2,
            window=asked.window or 6,
            vae=asked.vae or "taehv",
            random_weights=True,
        )
    )
    as_promised = (case.size, case.steps, case.profile.window, case.vae) == (size, 2, 6, "taehv")
    return replace(case, fps_bar=fps) if as_promised and case.backend == "torch-cuda" else case


SUITES: Mapping[Suite, Callable[[Asked], list[Case]]] = {"h200": h200}
