"""Part `overhead`: what graph and node add to the bare loop of the engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from livegraph import Figure, InputError, Progress
from livegraph_wan.backend import Pictures
from livegraph_wan.bench.case import PROMPT, Case, case_of, open_stream
from livegraph_wan.bench.graph import Bench, played
from livegraph_wan.bench.options import Asked
from livegraph_wan.bench.scene import moving

if TYPE_CHECKING:
    from livegraph_wan.engine import Engine

ROUNDS, QUICK = 12, 3
CHUNKS, SETTLING = 24, 4
"""Chunks per round, and how many of them go before what is measured."""
BAR = 5.0
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Else the node would look for the best number, and find another one than the loop has."""


class Cost(NamedTuple):
    """Of a chunk, in seconds."""

    wall: float
    cpu: float


def measure(asked: Asked, quick: bool) -> Iterator[Figure | Progress]:
    """The same chunks through `Engine.step` in a loop, and through a graph, offline: a scene that is there already ->
    wan.v2v -> a sink. wan-nano as it is shipped, in a process of its own in which torch has one thread. The two take
    turns, so that whatever else the machine does meets both: twelve rounds of 24 chunks each, the first four of each
    left out, and of the ratios the median. Processor time is that of the whole process: what the graph does on other
    cores is in it.
    """
    case, rounds = case_of(Asked(backend="torch-cpu")), QUICK if quick else ROUNDS
    found: list[tuple[Cost, Cost]] = []
    command = [sys.executable, "-m", __name__, str(rounds)]
    with subprocess.Popen(command, env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Progress("bare loop and graph in turns", 0.0)
        for line in process.stdout:
            loop, graph = json.loads(line)
            found.append((Cost(*loop), Cost(*graph)))
            yield Progress("bare loop and graph in turns", len(found) / rounds)
    if process.returncode:
        raise InputError("the bare loop or the graph failed, as told above")
    yield from _figures(case, found)


def main(rounds: int) -> None:
    """Write a line of JSON per round: of the loop and of the graph, wall and processor seconds."""
    case = case_of(Asked(backend="torch-cpu"))
    stream, pictures = open_stream(case), moving(case.size, 4 * 8)
    for _ in range(rounds):
        sys.stdout.write(json.dumps([bare(case, stream, pictures), in_graph(pictures)]) + "\n")
        sys.stdout.flush()


def _figures(case: Case, found: list[tuple[Cost, Cost]]) -> Iterator[Figure]:
    for what, bar in (("wall", BAR), ("cpu", None)):
        pairs = [(getattr(loop, what), getattr(graph, what)) for loop, graph in found]
        ratios = [graph / loop for loop, graph in pairs]
        loop, graph = (float(np.median(times)) for times in zip(*pairs, strict=True))
        note = f"{1e3 * loop:.1f} ms per chunk bare, {1e3 * graph:.1f} ms in a graph; "
        note += f"rounds {100 * (min(ratios) - 1):+.1f} to {100 * (max(ratios) - 1):+.1f} %"
        name = "graph and node over the bare loop" + (", processor time" if what == "cpu" else "")
        detail = {"bare_ms": 1e3 * loop, "graph_ms": 1e3 * graph}
        yield case.figure(
            "overhead", name, 100 * (float(np.median(ratios)) - 1), "%", bar=bar, note=note, detail=detail
        )


def bare(case: Case, stream: Engine[Any, Any], pictures: Pictures) -> Cost:
    """The loop that anybody would write."""
    stream.reset()
    marks = []
    for number in range(CHUNKS):
        at = stream.frames * number % len(pictures)
        stream.step(pictures[at : at + stream.frames], steps=case.steps)
        marks.append((time.perf_counter(), time.process_time()))
    return _between(*marks[SETTLING - 1], *marks[-1])


def in_graph(pictures: Pictures) -> Cost:
    """The same through a graph; a chunk is there when its last picture is at the sink."""
    bench = Bench(pictures)
    played(bench, {"frames": 4 * CHUNKS}, {"model": "wan-nano", "backend": "torch-cpu", "prompt": PROMPT})
    first, last = bench.arrivals[4 * SETTLING - 1], bench.arrivals[-1]
    return _between(first.at, first.cpu, last.at, last.cpu)


def _between(began: float, cpu_before: float, ended: float, cpu_after: float) -> Cost:
    chunks = CHUNKS - SETTLING
    return Cost((ended - began) / chunks, (cpu_after - cpu_before) / chunks)


if __name__ == "__main__":
    main(int(sys.argv[1]))
