"""Part `operators`: what the model is made of, each alone, beside the machine's own peak."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import NamedTuple, Protocol

from livegraph import Figure, Progress
from livegraph_wan.bench.case import Case, tune
from livegraph_wan.bench.clock import DEVICES, Device, Times, repeated
from livegraph_wan.bench.options import Asked
from livegraph_wan.cost import tokens

SECONDS, QUICK_S = 1.0, 0.15
"""How long an operator is repeated."""


class Operator(NamedTuple):
    """Something to run again and again, and what it costs."""

    name: str
    run: Callable[[], object]
    flops: int
    bytes: int
    """What it has to read and to write, each once."""


class Shapes(NamedTuple):
    """Of one pass over one block, batch 1."""

    own: int
    """Tokens of the block."""
    seen: int
    """Tokens of the window."""
    text: int
    dim: int
    heads: int
    ffn: int

    @classmethod
    def of(cls, case: Case) -> Shapes:
        config, frame = case.profile.architecture, tokens(case.size)
        own, seen = frame * case.profile.frames_per_block, frame * case.profile.window
        return cls(own, seen, config.text_len, config.dim, config.num_heads, config.ffn_dim)


class Library(Protocol):
    """The operators of torch, or of MLX."""

    def products(self, case: Case) -> Iterator[Operator]:
        """Products of square matrices: the fastest is what the machine can do."""

    def copy(self, case: Case) -> Operator:
        """Of more bytes than a cache holds."""

    def operators(self, case: Case) -> Iterator[Operator]:
        """At the shapes of the case, in its number type."""


class Peak(NamedTuple):
    """The best that the machine was seen to do."""

    flops_per_s: float
    bytes_per_s: float

    def needs(self, operator: Operator) -> tuple[float, str]:
        """The least time in seconds, by what is short: arithmetic or memory (Williams et al. 2009, the roofline)."""
        computing, moving = operator.flops / self.flops_per_s, operator.bytes / self.bytes_per_s
        return max((computing, "arithmetic"), (moving, "memory"))


def measure(asked: Asked, quick: bool) -> Iterator[Figure | Progress]:
    """Attention, RoPE, RMSNorm, linear layers and the heaviest convolutions of the VAE, at the shapes of one pass with
    a full window and in its number type: the median over a second. The peak is measured in the same run and number
    type: the best of products of large matrices before and after, and of a copy. An operator's share is the least time
    that arithmetic or memory would allow at that peak, over the time that it took at best.
    """
    for case in asked.cases:
        yield Progress(f"operators, {case}")
        yield from _of(case, QUICK_S if quick else SECONDS)


def _of(case: Case, seconds: float) -> Iterator[Figure | Progress]:
    library, device = library_of(case), DEVICES[case.backend]()
    found: list[tuple[Operator, Times]] = []
    tune(case, next(iter(library.operators(case))).run)
    before = peak_of(library, case, device, seconds)
    for operator in library.operators(case):
        yield Progress(f"{operator.name}, {case}")
        found.append((operator, repeated(operator.run, device, seconds)))
    after = peak_of(library, case, device, seconds)
    peak = Peak(max(before.flops_per_s, after.flops_per_s), max(before.bytes_per_s, after.bytes_per_s))
    yield case.figure("operators", "peak: product of matrices", peak.flops_per_s / 1e9, "GFLOP/s")
    yield case.figure("operators", "peak: copy", peak.bytes_per_s / 1e9, "GB/s")
    for operator, times in found:
        yield _figure(case, operator, times, peak)


def library_of(case: Case) -> Library:
    """Of its backend."""
    library: Library = import_module(f"livegraph_wan.bench.{'mlx' if case.backend == 'mlx' else 'torch'}_operators")
    return library


def peak_of(library: Library, case: Case, device: Device, seconds: float) -> Peak:
    """Here and now."""
    copy = library.copy(case)
    moved = copy.bytes / repeated(copy.run, device, seconds).best
    return Peak(max(_rate(product, device, seconds) for product in library.products(case)), moved)


def _rate(operator: Operator, device: Device, seconds: float) -> float:
    """Operations per second, at best."""
    return operator.flops / repeated(operator.run, device, seconds).best


def _figure(case: Case, operator: Operator, times: Times, peak: Peak) -> Figure:
    least, short = peak.needs(operator)
    share, rate = 100 * least / times.best, operator.flops / times.best
    note = f"at best {rate / 1e9:,.0f} GFLOP/s, {operator.bytes / times.best / 1e9:.3g} GB/s: "
    note += f"{share:.0f} % of the peak in {short}"
    detail = times.detail | {"flop": operator.flops, "bytes": operator.bytes, "flop_per_s": rate, "peak_percent": share}
    return case.figure("operators", operator.name, 1e3 * times.p50, "ms", note=note, detail=detail)
