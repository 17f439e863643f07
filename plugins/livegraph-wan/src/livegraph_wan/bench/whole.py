"""Part `whole`: pictures in, pictures out, through the VAE, the model and the VAE."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from livegraph import Figure, Progress
from livegraph_wan.backend import Pictures
from livegraph_wan.bench.case import Case, open_stream, tune
from livegraph_wan.bench.clock import DEVICES, Times
from livegraph_wan.bench.memory import peak_of_process
from livegraph_wan.bench.options import Asked
from livegraph_wan.bench.scene import Grain, moving

if TYPE_CHECKING:
    from livegraph_wan.engine import Engine

CHUNKS, QUICK = 60, 8
PEAK_S = 0.5
STEADY = 1.3
"""How much longer than the median the slowest twentieth of the chunks may take."""


def measure(asked: Asked, quick: bool) -> Iterator[Figure | Progress]:
    """The engine's loop alone: chunks of a moving scene with a camera's noise, each timed from pictures on the host to
    pictures on the host, once the window is full. The first picture: of a stream that begins, with the model loaded and
    warm, and counted from loading on. FLOP by formula (`cost`), the peak is a product of large matrices in the same run
    and number type. Memory: on a GPU what was in use at most, on a CPU the most that a process of its own occupied.
    """
    for case in asked.cases:
        yield Progress(f"loading {case}")
        began = time.perf_counter()
        stream = open_stream(case)
        loaded = time.perf_counter() - began
        yield from of_stream(case, stream, asked.chunks or (QUICK if quick else CHUNKS), loaded)
        del stream
        yield Progress(f"memory, {case}")
        yield from _memory_of_process(case)


def of_stream(case: Case, stream: Engine[Any, Any], chunks: int, loaded: float) -> Iterator[Figure | Progress]:
    """As `measure`, of a stream that took so many seconds to load."""
    device, grain = DEVICES[case.backend](), Grain(case.size)
    device.begin_peak()
    scene = moving(case.size, stream.frames * 8)

    def chunk(number: int) -> Pictures:
        start = stream.frames * (number % 8)
        return grain.on(scene[start : start + stream.frames])

    cold = _first_picture(case, stream, chunk(0))
    tune(case, lambda: stream.step(chunk(0), steps=case.steps))
    stream.reset()
    warm = _first_picture(case, stream, chunk(0))
    for number in range(1, case.profile.window // case.profile.frames_per_block + 1):
        stream.step(chunk(number), steps=1)
    stream.step(chunk(0), steps=case.steps)
    seconds = []
    for number in range(chunks):
        yield Progress(f"whole, {case}", number / chunks)
        began = time.perf_counter()
        stream.step(chunk(number), steps=case.steps)
        seconds.append(time.perf_counter() - began)
    yield from _rates(case, Times.of(seconds), stream.frames)
    note = f"{1e3 * (loaded + cold):,.0f} ms from loading on, {1e3 * loaded:,.0f} of them to load"
    detail = {"loading_ms": 1e3 * loaded, "cold_ms": 1e3 * cold}
    yield case.figure("whole", "first picture of a stream, warm", 1e3 * warm, "ms", note=note, detail=detail)
    yield from _work(case, Times.of(seconds), stream)
    if (peak := device.peak()) is not None:
        yield case.figure("whole", "peak memory of the device", peak / 2**30, "GiB")


def _first_picture(case: Case, stream: Engine[Any, Any], chunk: Pictures) -> float:
    """Seconds until the first picture comes out: a VAE may hold some back."""
    began = time.perf_counter()
    while not len(stream.step(chunk, steps=case.steps)):
        pass
    return time.perf_counter() - began


def _rates(case: Case, times: Times, frames: int) -> Iterator[Figure]:
    rate = frames / times.p50
    note = f"{1e3 * times.p50:.1f} ms per chunk of {frames}, p50; {1e3 * times.p95:.1f} ms p95"
    more: dict[str, Any] = {"note": note, "detail": times.detail, "at_most": False}
    yield case.figure("whole", "end to end", rate, "frames/s", bar=case.fps_bar, **more)
    bar = STEADY if case.fps_bar else None
    yield case.figure("whole", "p95 of a chunk over its median", times.p95 / times.p50, "x", bar=bar)


def _work(case: Case, times: Times, stream: Engine[Any, Any]) -> Iterator[Figure]:
    """Operations per chunk, and how near their rate is to the machine's best."""
    from livegraph_wan.bench.operators import library_of, peak_of

    work = case.chunk_flops
    yield case.figure("whole", "work per chunk", work / 1e12, "TFLOP", note=f"{_passes(case)} and the VAE both ways")
    peak = peak_of(library_of(case), case, DEVICES[case.backend](), PEAK_S).flops_per_s
    rate = work / times.p50
    note = f"{rate / 1e9:,.0f} of {peak / 1e9:,.0f} GFLOP/s"
    detail = {"flop_per_s": rate, "peak_flop_per_s": peak}
    yield case.figure("whole", "share of the machine's peak", 100 * rate / peak, "%", note=note, detail=detail)


def _passes(case: Case) -> str:
    return "one pass" if case.passes == 1 else f"{case.passes} passes"


def _memory_of_process(case: Case) -> Iterator[Figure]:
    """Where the device does not tell: what a process of its own takes."""
    if case.backend in ("torch-cpu", "torch-mps"):
        peak, before = peak_of_process(case)
        note = f"{before / 2**30:.2f} GiB of them before the model was loaded"
        detail = {"before_gib": before / 2**30}
        yield case.figure("whole", "peak memory of the process", peak / 2**30, "GiB", note=note, detail=detail)
