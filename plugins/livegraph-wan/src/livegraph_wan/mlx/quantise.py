"""Weights in 4 or 8 bits: what matters on a machine whose memory is also its graphics memory.

The linear layers of the transformer's blocks are packed, with a scale and an offset per 64 weights (`mx.quantize`): all
but a few per cent of a Wan model. What stays as it is: the patch embedding and the head, which face the latents; the
layers around the timestep, whose error would shift and scale every token; the text embedding, which runs once per
prompt; norms and modulations. The VAE is convolutions, and stays too.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import mlx.core as mx
import mlx.nn as nn
import torch

from livegraph_wan.mlx.convert import is_convolution
from livegraph_wan.mlx.model import WanTransformer

GROUP = 64
"""Weights that share a scale."""

Bits = Literal[4, 8]
BITS: Mapping[str, Bits] = {"int8": 8, "int4": 4}
"""By the name that `livegraph_wan.quantise` has for it."""


def quantise(model: WanTransformer, bits: Bits, *, compute: bool = True) -> None:
    """Pack the blocks' linear layers in place; ValueError where their width is no multiple of 64. It need not be
    computed where the weights will be replaced.
    """
    config = model.config
    if config.dim % GROUP or config.ffn_dim % GROUP:
        raise ValueError(f"widths {config.dim} and {config.ffn_dim}: only multiples of {GROUP} can be quantised")
    nn.quantize(model, GROUP, bits, class_predicate=packs)
    if compute:
        model.compute_weights()


def packed(
    model: WanTransformer, weights: Iterable[tuple[str, mx.array]], bits: Bits
) -> Iterator[tuple[str, mx.array]]:
    """Weights for a model, those that `quantise` packs packed one after another: it makes room for them here, and the
    model is never held in full. ValueError as there.
    """
    quantise(model, bits, compute=False)
    layers = {name for name, layer in nn.Module.named_modules(model) if isinstance(layer, nn.QuantizedLinear)}
    for name, weight in weights:
        layer, _, leaf = name.rpartition(".")
        if layer not in layers or leaf != "weight":
            yield name, weight
            continue
        parts = mx.quantize(weight, GROUP, bits)
        mx.eval(parts)
        yield from (
            (f"{layer}.{part}", value) for part, value in zip(("weight", "scales", "biases"), parts, strict=True)
        )


def packs(path: str, layer: nn.Module) -> bool:
    """Whether the layer of that name in a transformer is packed."""
    return path.startswith("blocks.") and isinstance(layer, nn.Linear)


def unpacked(layer: nn.QuantizedLinear, dtype: mx.Dtype) -> nn.Linear:
    """The same layer in full."""
    weight = mx.dequantize(layer.weight, layer.scales, layer.biases, layer.group_size, layer.bits)
    full = nn.Linear(weight.shape[1], weight.shape[0], bias="bias" in layer)
    full.weight = weight.astype(dtype)
    if "bias" in layer:
        full.bias = layer.bias
    return full


def shapes_of(model: nn.Module) -> dict[str, torch.Size]:
    """Its parameters as a torch checkpoint has them, packed ones in full."""
    shapes = {}
    for name, layer in model.named_modules():
        packed = isinstance(layer, nn.QuantizedLinear)
        for leaf, value in layer.items():
            full = f"{name}.{leaf}" if name else leaf
            if isinstance(value, mx.array) and not (packed and leaf in ("scales", "biases")):
                shapes[full] = torch.Size(_shape(layer, full, value))
    return shapes


def _shape(layer: nn.Module, name: str, value: mx.array) -> tuple[int, ...]:
    if isinstance(layer, nn.QuantizedLinear) and name.endswith("weight"):
        return len(value), layer.scales.shape[1] * layer.group_size
    return value.moveaxis(-1, 1).shape if is_convolution(name, value) else value.shape
