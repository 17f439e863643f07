"""Part `stages`: what each stage of a chunk takes, alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from livegraph import Figure, Progress
from livegraph_wan.backend import Backend, Embedding, Pass, Pictures
from livegraph_wan.bench.case import Case, open_stream, tune
from livegraph_wan.bench.clock import DEVICES, Times, timed
from livegraph_wan.bench.options import Asked
from livegraph_wan.bench.scene import moving
from livegraph_wan.grid import CHANNELS, FRAMES, STRIDE

if TYPE_CHECKING:
    from livegraph_wan.engine import Engine

CHUNKS, QUICK = 20, 5
TIMESTEP = 500.0


class Stage(NamedTuple):
    """A piece of a chunk's way, to be run again and again."""

    name: str
    run: Callable[[], object]
    times: int
    """How often a chunk goes through it."""


def measure(asked: Asked, quick: bool) -> Iterator[Figure | Progress]:
    """Each stage on its own, waited for before and after, turn by turn over 20 rounds: median. Encoding has the way of
    the pictures to the device in it, decoding their way back; a pass is the transformer over one block with a full
    window.
    """
    for case in asked.cases:
        yield Progress(f"loading {case}")
        stream = open_stream(case)
        yield from of_stream(case, stream, asked.chunks or (QUICK if quick else CHUNKS))


def of_stream(case: Case, stream: Engine[Any, Any], rounds: int) -> Iterator[Figure | Progress]:
    """As `measure`, of a stream that is there."""
    device, backend = DEVICES[case.backend](), stream.backend
    with backend.computing():
        stages = _stages(case, backend, moving(case.size, stream.frames))
        tune(case, stages[1].run)
        found: list[list[float]] = [[] for _ in stages]
        for number in range(rounds):
            yield Progress(f"stages, {case}", number / rounds)
            for stage, seconds in zip(stages, found, strict=True):
                seconds.append(timed(stage.run, device))
    times = [Times.of(seconds) for seconds in found]
    whole = sum(stage.times * one.p50 for stage, one in zip(stages, times, strict=True))
    for stage, one in zip(stages, times, strict=True):
        share = 100 * stage.times * one.p50 / whole
        note = f"{stage.times} per chunk of {stream.frames}: {share:.0f} % of the sum"
        detail = one.detail | {"per_chunk": stage.times, "percent": share}
        yield case.figure("stages", stage.name, 1e3 * one.p50, "ms", note=note, detail=detail)


def _stages(case: Case, backend: Backend[Any, Any], chunk: Pictures) -> list[Stage]:
    """Each goes on from the state that a stream is in after its first chunks."""
    width, height = case.size
    runner = backend.runner((height, width), 1)
    latents, encoder = backend.encode(_first(case, backend, chunk), None)
    _, decoder = backend.decode(latents, None)
    latents, encoder = backend.encode(chunk, encoder)
    prompt = backend.read_prompt(_embedding(case))
    shape = (1, 1, CHANNELS, case.profile.frames_per_block, height // STRIDE, width // STRIDE)
    noise = backend.upload(np.random.default_rng(1).standard_normal(shape, np.float32))[0]
    given = Pass(noise, backend.beside(latents), (TIMESTEP,))
    for _ in range(case.profile.window // case.profile.frames_per_block):
        runner.begin_block()
        runner.velocity(given, prompt)
    return [
        Stage(f"{case.vae} encode", lambda: backend.encode(chunk, encoder), 1),
        Stage("transformer pass", lambda: runner.velocity(given, prompt), case.passes),
        Stage(f"{case.vae} decode", lambda: backend.decode(latents, decoder)[0].pictures(), 1),
    ]


def _first(case: Case, backend: Backend[Any, Any], chunk: Pictures) -> Pictures:
    """As many pictures as a stream's first block takes."""
    count = backend.rhythm.first_taken + FRAMES * (case.profile.frames_per_block - 1)
    return np.repeat(chunk[:1], count, 0)


def _embedding(case: Case) -> Embedding:
    config = case.profile.architecture
    return np.random.default_rng(1).standard_normal((1, config.text_len, config.text_dim), np.float32)
