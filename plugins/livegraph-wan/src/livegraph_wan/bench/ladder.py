"""Part `ladder`: what each rung that adaptive quality may take costs, and how long the change to it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any

from livegraph import Figure, Progress
from livegraph_wan.backend import Pictures
from livegraph_wan.bench.case import Case, case_of, open_stream, tune
from livegraph_wan.bench.clock import DEVICES, timed
from livegraph_wan.bench.options import Asked
from livegraph_wan.bench.scene import Grain, moving

if TYPE_CHECKING:
    from livegraph_wan.frugal import FrugalStream

SIZES = ((256, 256), (384, 384), (512, 384))
ROUNDS, QUICK = 12, 3
CHUNKS = 4
"""On a rung in one go, after the chunk that changes to it."""
ROUND = 8
"""Chunks until the scene begins again."""


def measure(asked: Asked, quick: bool) -> Iterator[Figure | Progress]:
    """wan.v2v's stream on every rung that holds from the next chunk on, by turns: a chunk that changes to it, which
    shows the stream the chunk before once more, and four that stay. Medians, as shares of what is asked for.
    """
    for size in [asked.size] if asked.size else SIZES:
        case = case_of(replace(asked, size=size))
        yield Progress(f"loading {case}")
        yield from of_stream(case, asked.chunks or (QUICK if quick else ROUNDS))


def of_stream(case: Case, rounds: int) -> Iterator[Figure | Progress]:
    """As `measure`, of one case."""
    rungs, climb = _rungs(case), Climb(case)
    changed: list[list[float]] = [[] for _ in rungs]
    stayed: list[list[float]] = [[] for _ in rungs]
    for turn in range(rounds):
        yield Progress(f"ladder, {case}", turn / rounds)
        for rung, change, stay in zip(rungs, changed, stayed, strict=True):
            change.append(climb.chunk(rung))
            stay += [climb.chunk(rung) for _ in range(CHUNKS)]
    first = median(stayed[0])
    for rung, change, stay in zip(rungs, changed, stayed, strict=True):
        yield _figure(case, rung, median(change), median(stay), first)


def _figure(case: Case, rung: Mapping[str, Any], change: float, stay: float, first: float) -> Figure:
    name = ", ".join(f"{knob}: {value:g}" for knob, value in rung.items()) or "as asked for"
    note = f"{1e3 * stay:.1f} ms per chunk; {1e3 * change:.1f} ms the one that changes"
    detail = {"p50_ms": 1e3 * stay, "change_ms": 1e3 * change}
    return case.figure("ladder", name, 100 * stay / first, "%", note=note, detail=detail)


class Climb:
    """A moving scene, repainted on one rung and another."""

    def __init__(self, case: Case) -> None:
        self._case, self._stream, self._number = case, _frugal(case), 0
        self._device, self._grain = DEVICES[case.backend](), Grain(case.size)
        self._scene = moving(case.size, ROUND * self._stream.frames)
        tune(case, lambda: self._paint(self._next(), {}))

    def chunk(self, rung: Mapping[str, Any]) -> float:
        """Seconds that the next one takes."""
        frames = self._next()
        return timed(lambda: self._paint(frames, rung), self._device)

    def _paint(self, frames: Pictures, rung: Mapping[str, Any]) -> None:
        self._stream.set_resolution(rung.get("resolution", 1.0))
        self._stream.step(frames, steps=rung.get("steps", self._case.steps))

    def _next(self) -> Pictures:
        start = self._stream.frames * (self._number % ROUND)
        self._number += 1
        return self._grain.on(self._scene[start : start + self._stream.frames])


def _rungs(case: Case) -> list[Mapping[str, Any]]:
    """What is asked for, and all below it without another VAE."""
    from livegraph_wan.nodes.v2v import WanV2V

    asked = {"model": case.profile.name, "steps": case.steps, "noise_scale": case.profile.noise_scale}
    params = WanV2V.Params(**asked)
    return [{}, *(rung for rung in WanV2V.ladder_for(params) if "vae" not in rung)]


def _frugal(case: Case) -> FrugalStream:
    """The stream as the node has it, which paints as large as it is told."""
    from livegraph_wan.foresee import place_of
    from livegraph_wan.frugal import FrugalStream, Means
    from livegraph_wan.load import Loaded
    from livegraph_wan.memory import ITEMSIZES, Setting

    loaded = Loaded(open_stream(case), lambda name: None)
    means = Means(place_of(case.backend), case.backend, lambda text: None, may_step_down=False, taehv=False)
    setting = Setting(case.profile, case.vae, case.size, ITEMSIZES[case.dtype])
    return FrugalStream(lambda name: loaded, setting, means)
