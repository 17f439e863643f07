"""Part `prompt`: how soon a prompt takes effect that is changed while the graph runs, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
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
BETWEEN, MOST = 20, 5000
"""Pictures that come between two changes, and how many the scene gives at most."""


class Seen(NamedTuple):
    """What changes of the prompt did."""

    late: list[int]
    """Pictures in the old look among those that were captured after each change."""
    lost: int
    """Pictures that did not arrive after the changes, whatever for."""


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
    """Run it, and look at what came out. Whether a picture is old or new tells the nearer of two looks: that of the
    last one before the change, and that of the last one before the next. One is lost where two are too far apart.
    """
    script = [{PROMPT_ADDRESS: (OTHER, PROMPT)[number % 2]} for number in range(changes)]
    bench = Bench(still(size), look=_brightness, script=script, every=BETWEEN)
    scene = {"fps": fps, "frames": MOST, "live": True}
    played(bench, scene, {"model": "wan-nano", "backend": "torch-cpu", "prompt": PROMPT})
    looks = {arrival.captured_ns: look for arrival, look in zip(bench.arrivals, bench.looks, strict=True)}
    late, lost = [], 0
    for began, ended in pairwise([*bench.changes, max(looks) + 1]):
        before = looks[max(at for at in looks if at < began)]
        after = {at: look for at, look in looks.items() if began <= at < ended}
        settled = after[max(after)]
        late.append(sum(abs(look - before) < abs(look - settled) for look in after.values()))
        lost += sum(round((later - at) * fps / 1e9) - 1 for at, later in pairwise(sorted(after)))
    return Seen(late, lost)


def _brightness(picture: Pictures) -> float:
    return float(np.mean(picture))
