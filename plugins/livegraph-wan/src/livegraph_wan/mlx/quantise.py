"""Weights in 4 or 8 bits: what matters on a machine whose memory is also its graphics memory.

The linear layers of the transformer's blocks are packed, with a scale and an offset per 64 weights (`mx.quantize`): all
but a few per cent of a Wan model. What stays as it is: the patch embedding and the head, which face the latents; the
layers around the timestep, whose error would shift and scale every token; the text embedding, which runs once per
prompt; norms and modulations. The VAE is convolutions, and stays too.
"""

from collections.abc import Mapping
from typing import Literal

import mlx.nn as nn

from livegraph_wan.mlx.model import WanTransformer

GROUP = 64
"""Weights that share a scale."""

Bits = Literal[4, 8]
BITS: Mapping[str, Bits] = {"int8": 8, "int4": 4}
"""By the name that `livegraph_wan.quantise` has for it."""


def quantise(model: WanTransformer, bits: Bits) -> None:
    """Pack the blocks' linear layers in place; ValueError where their width is no multiple of 64."""
    config = model.config
    if config.dim % GROUP or config.ffn_dim % GROUP:
        raise ValueError(f"widths {config.dim} and {config.ffn_dim}: only multiples of {GROUP} can be quantised")
    nn.quantize(model, GROUP, bits, class_predicate=packs)
    model.compute_weights()


def packs(path: str, layer: nn.Module) -> bool:
    """Whether the layer of that name in a transformer is packed."""
    return path.startswith("blocks.") and isinstance(layer, nn.Linear)
