"""The operators of a model on torch; see `operators`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import prod
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from livegraph_wan.bench.case import Case
from livegraph_wan.bench.operators import Operator, Shapes
from livegraph_wan.grid import CHANNELS, FRAMES, MULTIPLE, STRIDE
from livegraph_wan.load import DTYPES
from livegraph_wan.random_weights import make_vae
from livegraph_wan.rope import RopeTable, rotate
from livegraph_wan.vae.base import StreamingVAE

PEAK_SIDES = {"cuda": (4096, 8192), "mps": (2048, 4096), "cpu": (512, 1024, 2048)}
"""Rows and columns of the matrices of whose products the fastest is the peak."""
COPIED = {"cuda": 1 << 30, "mps": 1 << 28, "cpu": 1 << 28}
"""Bytes that are copied for the peak of the memory."""


def products(case: Case) -> Iterator[Operator]:
    """See `operators.Library`."""
    device, dtype = _place(case)
    for side in PEAK_SIDES[device.type]:
        a, b = torch.randn(2, side, side, device=device).to(dtype)
        yield Operator("product", _inferring(partial(torch.matmul, a, b)), 2 * side**3, 3 * side**2 * dtype.itemsize)


def copy(case: Case) -> Operator:
    """See `operators.Library`."""
    device, _ = _place(case)
    source = torch.zeros(COPIED[device.type], dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return Operator("copy", lambda: target.copy_(source), 0, 2 * source.numel())


def operators(case: Case) -> Iterator[Operator]:
    """See `operators.Library`."""
    yield from _of_transformer(case)
    for name, convolution in heaviest_convolutions(case):
        yield _convolution(name, convolution, *_place(case))


def _place(case: Case) -> tuple[torch.device, torch.dtype]:
    return torch.device(case.backend.removeprefix("torch-")), DTYPES[case.dtype]


def _inferring(run: Callable[[], object]) -> Callable[[], object]:
    return torch.inference_mode()(run)


def _of_transformer(case: Case) -> Iterator[Operator]:
    shapes, (device, dtype) = Shapes.of(case), _place(case)
    own, seen, text, dim, heads, ffn = shapes
    size, width = dtype.itemsize, dim // heads

    def tensor(*shape: int) -> Tensor:
        return torch.randn(shape, device=device).to(dtype)

    def attention(name: str, keys: int) -> Operator:
        q, k, v = (tensor(1, length, heads, width).transpose(1, 2) for length in (own, keys, keys))
        run = partial(F.scaled_dot_product_attention, q, k, v)
        return Operator(f"{name}, {own} x {keys}", _inferring(run), 4 * own * keys * dim, 2 * size * dim * (own + keys))

    def linear(inputs: int, outputs: int) -> Operator:
        layer, x = nn.Linear(inputs, outputs, device=device, dtype=dtype), tensor(1, own, inputs)
        moved = size * (own * (inputs + outputs) + inputs * outputs)
        name = f"linear, {own} x {inputs} -> {outputs}"
        return Operator(name, _inferring(lambda: layer(x)), 2 * own * inputs * outputs, moved)

    yield attention("self-attention", seen)
    yield attention("cross-attention", text)
    yield from (linear(dim, dim), linear(dim, ffn), linear(ffn, dim))
    table = RopeTable(width, case.size[1] // MULTIPLE, case.size[0] // MULTIPLE, device)
    angles, keys = table.at(tuple(range(case.profile.window))), tensor(1, seen, heads, width)
    turned = 2 * size * seen * dim + 4 * seen * width
    yield Operator(f"RoPE, {seen} x {dim}", _inferring(lambda: rotate(keys, angles)), 3 * seen * dim, turned)
    norm, x = nn.RMSNorm(dim, eps=1e-6, device=device, dtype=dtype), tensor(1, own, dim)
    yield Operator(f"RMSNorm, {own} x {dim}", _inferring(lambda: norm(x)), 4 * own * dim, 2 * size * own * dim)


class Convolution(NamedTuple):
    """A call of a convolution: shapes, and what follows them in the call."""

    inputs: tuple[int, ...]
    weights: tuple[int, ...]
    rest: tuple[Any, ...]
    """Stride, padding, dilation, transposed, output padding, groups."""
    outputs: tuple[int, ...]

    @property
    def flops(self) -> int:
        return 2 * prod(self.outputs) * prod(self.weights[1:])

    def __str__(self) -> str:
        kernel = "x".join(map(str, self.weights[2:]))
        cells = "x".join(map(str, self.outputs[2:]))
        return f"conv{len(self.weights) - 2}d {kernel}, {self.weights[1]} -> {self.weights[0]}, {cells}"


class Listener(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Writes down the convolutions that are called in it, however they are called."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.heard: list[Convolution] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.convolution.default:
            x, weight, _, *rest = args
            shapes = tuple(x.shape), tuple(weight.shape)
            self.heard.append(Convolution(*shapes, tuple(rest), tuple(result.shape)))
        return result


def convolutions_of(vae: StreamingVAE, size: tuple[int, int]) -> Iterator[list[Convolution]]:
    """The convolutions of one latent frame amid a stream: of the encoder, then of the decoder. The VAE is on the meta
    device, so nothing is computed.
    """
    width, height = size
    frames = torch.zeros(1, FRAMES, 3, height, width, device="meta")
    latents = torch.zeros(1, CHANNELS, 1, height // STRIDE, width // STRIDE, device="meta")
    with torch.inference_mode(False), torch.no_grad():  # inference mode shows convolutions before they become one
        for call, first, later in (
            (vae.encode, frames[:, : vae.rhythm.first_taken], frames),
            (vae.decode, latents, latents),
        ):
            _, state = call(first, None)
            with Listener() as listener:
                call(later, state)
            yield listener.heard


def heaviest_convolutions(case: Case) -> Iterator[tuple[str, Convolution]]:
    """Of the encoder and of the decoder, with a name for each."""
    vae = make_vae(case.profile, case.vae).to("meta")
    for side, heard in zip(("encoder", "decoder"), convolutions_of(vae, case.size), strict=True):
        heaviest = max(heard, key=lambda convolution: convolution.flops)
        yield f"{case.vae} {side}: {heaviest}", heaviest


def _convolution(name: str, found: Convolution, device: torch.device, dtype: torch.dtype) -> Operator:
    order = torch.channels_last if len(found.inputs) == 4 else torch.channels_last_3d
    x, weight = (
        torch.randn(shape, device=device).to(dtype).contiguous(memory_format=order)
        for shape in (found.inputs, found.weights)
    )
    bias = torch.zeros(found.weights[0], device=device, dtype=dtype)
    moved = sum(map(prod, (found.inputs, found.weights, found.outputs))) * dtype.itemsize
    return Operator(name, _inferring(partial(torch.convolution, x, weight, bias, *found.rest)), found.flops, moved)
