"""The operators of a model on MLX; see `operators`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

import mlx.core as mx
import mlx.nn as nn

from livegraph_wan.bench.case import Case
from livegraph_wan.bench.operators import Operator, Shapes
from livegraph_wan.bench.torch_operators import Convolution, heaviest_convolutions
from livegraph_wan.grid import MULTIPLE
from livegraph_wan.mlx.load import DTYPES
from livegraph_wan.mlx.model import attend
from livegraph_wan.mlx.rope import RopeTable, rotate

PEAK_SIDES = (512, 1024, 2048, 4096)
"""Of the matrices of whose products the fastest is the peak; the large ones on a GPU alone."""
COPIED = 1 << 28


def products(case: Case) -> Iterator[Operator]:
    """See `operators.Library`."""
    dtype = DTYPES[case.dtype]
    sides = PEAK_SIDES if mx.default_device() == mx.Device(mx.gpu) else PEAK_SIDES[:1]
    for side in sides:
        a, b = _random(dtype, side, side), _random(dtype, side, side)
        yield Operator("product", _computed(lambda a=a, b=b: a @ b), 2 * side**3, 3 * side**2 * dtype.size)  # type: ignore[misc]


def copy(case: Case) -> Operator:
    """See `operators.Library`. MLX copies where a value changes."""
    source = mx.zeros(COPIED, mx.uint8)
    return Operator("copy", _computed(lambda: source + 1), 0, 2 * COPIED)


def operators(case: Case) -> Iterator[Operator]:
    """See `operators.Library`."""
    yield from _of_transformer(case)
    for name, convolution in heaviest_convolutions(case):
        yield _convolution(name, convolution, DTYPES[case.dtype])


def _computed(run: Callable[[], mx.array]) -> Callable[[], object]:
    return lambda: mx.eval(run())


def _random(dtype: mx.Dtype, *shape: int) -> mx.array:
    made = mx.random.normal(shape).astype(dtype)
    mx.eval(made)
    return made


def _of_transformer(case: Case) -> Iterator[Operator]:
    dtype, shapes = DTYPES[case.dtype], Shapes.of(case)
    own, seen, text, dim, heads, ffn = shapes
    size, width = dtype.size, dim // heads

    def attention(name: str, keys: int) -> Operator:
        q, k, v = (_random(dtype, 1, heads, length, width) for length in (own, keys, keys))
        moved = 2 * size * dim * (own + keys)
        return Operator(f"{name}, {own} x {keys}", _computed(lambda: attend(q, k, v)), 4 * own * keys * dim, moved)

    def linear(inputs: int, outputs: int) -> Operator:
        weight, x = _random(dtype, outputs, inputs), _random(dtype, 1, own, inputs)
        moved = size * (own * (inputs + outputs) + inputs * outputs)
        name = f"linear, {own} x {inputs} -> {outputs}"
        return Operator(name, _computed(lambda: x @ weight.T), 2 * own * inputs * outputs, moved)

    yield attention("self-attention", seen)
    yield attention("cross-attention", text)
    yield from (linear(dim, dim), linear(dim, ffn), linear(ffn, dim))
    table = RopeTable(width, case.size[1] // MULTIPLE, case.size[0] // MULTIPLE)
    turn, keys = table.at(tuple(range(case.profile.window))), _random(dtype, 1, heads, seen, width)
    moved = 2 * size * seen * dim + 4 * seen * width
    yield Operator(f"RoPE, {seen} x {dim}", _computed(lambda: rotate(keys, turn)), 3 * seen * dim, moved)
    norm, x = nn.RMSNorm(dim, eps=1e-6), _random(dtype, 1, own, dim)
    norm.set_dtype(dtype)
    yield Operator(f"RMSNorm, {own} x {dim}", _computed(lambda: norm(x)), 4 * own * dim, 2 * size * own * dim)


def _convolution(name: str, found: Convolution, dtype: mx.Dtype) -> Operator:
    """As torch calls it, with the channels last."""
    stride, padding, *_ = found.rest
    (batch, channels, *cells), (outputs, inputs, *kernel) = found.inputs, found.weights
    x, weight = _random(dtype, batch, *cells, channels), _random(dtype, outputs, *kernel, inputs)
    convolve = mx.conv2d if len(cells) == 2 else mx.conv3d
    moved = sum(map(prod, (found.inputs, found.weights, found.outputs))) * dtype.size
    return Operator(name, _computed(lambda: convolve(x, weight, tuple(stride), tuple(padding))), found.flops, moved)
