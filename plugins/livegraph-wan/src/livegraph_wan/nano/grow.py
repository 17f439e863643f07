"""Start a larger wan-nano from the weights of a smaller one, as the same function.

New blocks are spread evenly among the old ones. They and the new hidden units of the feed-forward
layers write nothing at first: their output weights are zero, so that training goes on from where
the smaller model stood (Chen et al. 2016, Net2Net, with zeros for copies).
"""

import torch
from torch import Tensor

from livegraph_wan.nano.model import NanoWan

_SILENT = ("self_attn.o.", "cross_attn.o.", "ffn.2.")
"""A block's layers that write to the residual stream."""


@torch.no_grad()
def grow(model: NanoWan, weights: dict[str, Tensor]) -> None:
    """Load `weights` into a freshly made `model` that has as many blocks or more, hidden units, VAE layers.

    ValueError where a weight does not fit, or has no place.
    """
    state = model.state_dict()
    old = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("transformer.blocks."))
    layers = model.transformer.config.num_layers
    if old > layers:
        raise ValueError(f"weights of {old} blocks do not fit a transformer of {layers}")
    place = {i: i * layers // old for i in range(old)}
    _silence(state, set(range(layers)) - set(place.values()))
    for name, value in weights.items():
        _put(state, _renamed(name, place), value.float())


def _silence(state: dict[str, Tensor], blocks: set[int]) -> None:
    for name, value in state.items():
        parts = name.split(".")
        if parts[1] == "blocks" and int(parts[2]) in blocks and any(layer in name for layer in _SILENT):
            value.zero_()


def _renamed(name: str, place: dict[int, int]) -> str:
    parts = name.split(".")
    if parts[1] == "blocks":
        parts[2] = str(place[int(parts[2])])
    return ".".join(parts)


def _put(state: dict[str, Tensor], name: str, value: Tensor) -> None:
    """Copy `value` into the corner of its namesake; columns that read new hidden units become zero."""
    if name not in state:
        raise ValueError(f"{name}: the model has no such weight")
    there = state[name]
    if any(a > b for a, b in zip(value.shape, there.shape, strict=True)):
        raise ValueError(f"{name}: {tuple(value.shape)} does not fit into {tuple(there.shape)}")
    if name.endswith("ffn.2.weight"):
        there.zero_()
    there[tuple(slice(side) for side in value.shape)] = value
