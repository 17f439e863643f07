"""Part `drift`: whether the picture stays what it was while a stream goes on for hours."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from livegraph import Figure, Progress
from livegraph_wan.backend import Pictures
from livegraph_wan.bench.case import PROMPT, Case, case_of, open_stream, tune
from livegraph_wan.bench.options import Asked
from livegraph_wan.bench.scene import ROUND, Grain, moving, still
from livegraph_wan.drift import MEAN_BAND, SPECTRUM_BAND, STD_BAND, Deviation, Statistics, Window, deviation

if TYPE_CHECKING:
    from livegraph_wan.engine import Engine

FPS = 30
WINDOW_S = 60
"""Stream time per window, a multiple of the scene's round; an eighth of it where that would leave fewer than eight."""
DEFAULT_S, QUICK_S = 600.0, 64.0


def measure(asked: Asked, quick: bool) -> Iterator[Figure | Progress]:
    """The engine alone, as fast as it goes, in stream time of 30 frames a second: a drawn scene that moves and repeats
    itself every four seconds, then its first picture standing still, both with a camera's noise (2 levels). Per window
    (a minute): the mean of the luma, its standard deviation within a picture, and its energy in four octaves of the
    spectrum, of every fourth picture. A figure is how far the worst window is from the first one, which begins when the
    scene has gone round once; its `detail` has every window.
    """
    case, seconds = case_of(asked), asked.drift or (QUICK_S if quick else DEFAULT_S)
    stream = open_stream(case, asked.prompt or PROMPT)
    for scene, pictures in (("moving", moving(case.size)), ("still", still(case.size, ROUND))):
        windows: list[Statistics] = []
        for found in _windows(case, stream, pictures, seconds):
            if isinstance(found, Statistics):
                windows.append(found)
            else:
                yield found._replace(what=f"{scene} scene, {found.what}")
        yield from _figures(case, scene, seconds, windows)


def _windows(
    case: Case, stream: Engine[Any, Any], pictures: Pictures, seconds: float
) -> Iterator[Statistics | Progress]:
    """Statistics of each window, once the scene has gone round."""
    whole = ROUND * max(1, round(min(WINDOW_S, seconds / 8) * FPS / ROUND))
    total = max(2, round(seconds * FPS / whole))
    tune(case, lambda: stream.step(pictures[: stream.frames], steps=case.steps))
    stream.reset()
    painted = _painted(case, stream, pictures)
    for _ in range(0, ROUND, stream.frames):
        next(painted)
    for number in range(total):
        window = Window()
        while window.seen < whole:
            window.add(next(painted))
            done = number * whole + window.seen
            yield Progress(f"{done / FPS:.0f} of {total * whole / FPS:.0f} s", done / total / whole)
        yield window.statistics


def _painted(case: Case, stream: Engine[Any, Any], pictures: Pictures) -> Iterator[Pictures]:
    """The scene again and again, repainted."""
    grain = Grain(case.size)
    for start in count(0, stream.frames):
        chunk = grain.on(pictures[(start + np.arange(stream.frames)) % ROUND])
        yield stream.step(chunk, steps=case.steps)


def _figures(case: Case, scene: str, seconds: float, windows: list[Statistics]) -> Iterator[Figure]:
    apart = [deviation(window, windows[0]) for window in windows]
    for which, (what, unit, band) in enumerate(
        (("mean", "levels", MEAN_BAND), ("standard deviation", "levels", STD_BAND), ("spectrum", "%", SPECTRUM_BAND))
    ):
        yield case.figure(
            "drift",
            f"{what}, {scene} scene, {_lasting(seconds)}: the worst window from the first",
            max(abs(one[which]) for one in apart),
            unit,
            bar=band,
            note=_note(what, windows, apart),
            detail={f"window {number}": one[which] for number, one in enumerate(apart, 1)},
        )


def _lasting(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:g} min"


def _note(what: str, windows: list[Statistics], apart: list[Deviation]) -> str:
    first, last = windows[0], windows[-1]
    if what == "mean":
        return f"{first.mean:.2f} at the start, {last.mean:.2f} at the end"
    if what == "standard deviation":
        return f"{first.std:.2f} at the start, {last.std:.2f} at the end"
    return f"{apart[-1].spectrum:+.2f} % at the end, in the octave that changed most"
