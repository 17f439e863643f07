"""What livegraph itself brings: signals, delays, pixel formats."""

from __future__ import annotations

from itertools import permutations
from typing import get_args

from livegraph.hookspecs import BenchSpec, ControllerSpec, ConverterSpec, hookimpl
from livegraph.node import NodeSpec
from livegraph.types import PixelFormat

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> list[NodeSpec]:
    return [
        NodeSpec("core.lfo", "livegraph.core.lfo:Lfo", "A signal that swings: sine, triangle, saw, square, random."),
        NodeSpec("core.envelope", "livegraph.core.envelope:Envelope", "A signal that a gate sets off."),
        NodeSpec("core.math", "livegraph.core.math:Math", "A signal made of others: map, clamp, smooth, sum, ..."),
        NodeSpec("core.delay", "livegraph.core.delay:Delay", "The picture of some frames ago; the way out of a cycle."),
        NodeSpec("core.convert", "livegraph.core.converter:Convert", "Another pixel format."),
    ]


@hookimpl
def livegraph_converters() -> list[ConverterSpec]:
    pairs = permutations(get_args(PixelFormat), 2)
    return [ConverterSpec(src, dst, f"livegraph.core.convert:{src}_to_{dst}", 0) for src, dst in pairs]


@hookimpl
def livegraph_controllers() -> list[ControllerSpec]:
    target = "livegraph.quality.controller:AdaptiveQuality"
    return [ControllerSpec("quality", target, "Hold the latency budget by doing less work, and more again.")]


@hookimpl
def livegraph_benches() -> list[BenchSpec]:
    return [BenchSpec("runtime", "livegraph.bench.runtime:measure", "What the scheduler costs, and how fresh it is.")]
