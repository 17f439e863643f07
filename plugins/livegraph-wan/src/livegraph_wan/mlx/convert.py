"""Weights from torch's layout to MLX's and back. Names stay; convolutions have their input channels last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_flatten

from livegraph_wan.mlx.layers import Module

if TYPE_CHECKING:
    from torch import Tensor

Weights = dict[str, mx.array]


def from_torch(state: Iterable[tuple[str, Tensor]]) -> Weights:
    """The items of a torch state dict, exactly: bf16 stays bf16."""
    return dict(converted(state))


def converted(state: Iterable[tuple[str, Tensor]], dtype: mx.Dtype | None = None) -> Iterator[tuple[str, mx.array]]:
    """The same one after another, in `dtype` if one is given: whoever takes them need not hold them all."""
    for name, tensor in state:
        (array,) = to_mlx([(name, _array(tensor))]).values()
        if dtype is not None and mx.issubdtype(array.dtype, mx.floating):
            array = array.astype(dtype)
        mx.eval(array)
        yield name, array


def from_file(path: Path) -> Weights:
    """A safetensors file, exactly. It is read when the weights are used."""
    loaded = mx.load(str(path), format="safetensors")
    assert isinstance(loaded, dict)
    return to_mlx(loaded.items())


def to_mlx(weights: Iterable[tuple[str, mx.array]]) -> Weights:
    """OIHW to OHWI and OIDHW to ODHWI; all else as it is."""
    return {name: mx.moveaxis(x, 1, -1) if is_convolution(name, x) else x for name, x in weights}


def to_torch_layout(module: Module) -> Weights:
    """A module's weights as a torch checkpoint has them: `mx.save_safetensors` writes one."""
    weights: Any = tree_flatten(nn.Module.parameters(module))
    return {name: mx.moveaxis(x, -1, 1) if is_convolution(name, x) else x for name, x in weights}


def is_convolution(name: str, weight: mx.array) -> bool:
    """Norms and modulations of several axes have other names."""
    return weight.ndim in (4, 5) and name.rsplit(".", 1)[-1] == "weight"


def load(module: Module, weights: Weights) -> None:
    """Put weights in, in their own dtype. ValueError names what is missing, surplus or of another shape."""
    try:
        module.load_weights(list(weights.items()))
    except ValueError as error:
        raise ValueError(" ".join(str(error).split())) from None
    module.compute_weights()


def _array(tensor: Tensor) -> mx.array:
    import torch

    plain = tensor.detach().cpu().contiguous()
    if plain.dtype == torch.bfloat16:  # NumPy has no bf16
        return mx.array(plain.view(torch.int16).numpy()).view(mx.bfloat16)
    return mx.array(np.asarray(plain))
