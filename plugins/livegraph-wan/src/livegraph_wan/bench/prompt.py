"""Part `prompt`: how soon a prompt takes effect that is changed while the graph runs, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from livegraph import Figure, Progress
from livegraph_wan.backend import Pictures
from livegraph_wan.bench.case import PROMPT, Case, case_of, open_stream, tune
from livegraph_wan.bench.clock import Cpu, Times, timed
from livegraph_wan.bench.graph import PROMPT_ADDRESS, Bench, played
from livegraph_wan.bench.options import Asked
from livegraph_wan.bench.scene import still
from livegraph_wan.grid import FRAMES

OTHER = "a pen and ink drawing on white paper"
FPS, SPARE = 8.0, 3
CHANGES, QUICK = 6, 2
BETWEEN = 22
"""Frames between two changes: no multiple of a chunk, so that they fall into different places of one."""


class Seen(NamedTuple):
    """What changes of the prompt did."""

    late: list[int]
    """Pictures in the old look among those that were captured after each change."""
    lost: int
    """Pictures that did not arrive."""


def measure(asked: Asked, quick: bool) -> Iterator[Figure | Progress]:
    """A live graph: a still scene -> wan.v2v with wan-nano -> a sink. The prompt is set through the control bus again
    and again, at other places of a chunk each time, from one to another that gives another brightness, so that each
    picture tells which it was painted after. A chunk follows the prompt that its first frame found: so up to three
    pictures that were captured after the change belong to the chunk that had begun. Eight frames a second, or as many
    as leave three times the time that a chunk takes here and now: what is lost then is lost by the change.
    """
    yield Progress("a live graph whose prompt changes")
    case = case_of(Asked(backend="torch-cpu"))
    fps = min(FPS, FRAMES / (SPARE * _chunk_seconds(case)))
    seen = changed(case.size, QUICK if quick else CHANGES, fps)
    note = f"after each change: {', '.join(map(str, seen.late))}; at {fps:.1f} frames/s"
    name = "pictures in the old look after a change of the prompt, at most"
    yield case.figure("prompt", name, max(seen.late), "", bar=FRAMES - 1, note=note)
    yield case.figure("prompt", "pictures lost by the changes", seen.lost, "", bar=0)


def _chunk_seconds(case: Case) -> float:
    stream, chunk = open_stream(case), still(case.size)
    tune(case, lambda: stream.step(chunk))
    return Times.of([timed(lambda: stream.step(chunk), Cpu()) for _ in range(5)]).p95


def changed(size: tuple[int, int], changes: int, fps: float = FPS) -> Seen:
    """Run it, and look at what came out."""
    at = {BETWEEN * (number + 1): {PROMPT_ADDRESS: (OTHER, PROMPT)[number % 2]} for number in range(changes)}
    frames = -(-BETWEEN * (changes + 1) // FRAMES) * FRAMES
    bench = Bench(still(size), look=_brightness, at=at)
    scene = {"fps": fps, "frames": frames, "live": True}
    played(bench, scene, {"model": "wan-nano", "backend": "torch-cpu", "prompt": PROMPT})
    numbers = [round(arrival.pts_ns * fps / 1e9) for arrival in bench.arrivals]
    old, new = _looks(dict(zip(numbers, bench.looks, strict=True)), list(at))
    late = [
        sum(change <= number < change + BETWEEN and abs(look - before) < abs(look - after)
            for number, look in zip(numbers, bench.looks, strict=True))
        for change, (before, after) in zip(at, ((old, new), (new, old)) * changes, strict=False)
    ]  # fmt: skip
    return Seen(late, frames - len(numbers))


def _looks(looks: dict[int, float], changes: list[int]) -> tuple[float, float]:
    """What a picture is like before the first change, and before the second (or at the end): both long settled."""
    settled = [max(number for number in looks if number < end) for end in (*changes[:2], max(looks) + 1)]
    return looks[settled[0]], looks[settled[1]]


def _brightness(picture: Pictures) -> float:
    return float(np.mean(picture))
