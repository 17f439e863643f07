"""LoRAs whose strengths change while the model runs, on MLX; see `livegraph_wan.checkpoint.live`.

The low-rank path is computed beside the weight, which may be packed (`mlx.quantise`). A compiled pass takes what it
reads for constants, but for what it is told may change: that is `LiveLoras.state`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import mlx.core as mx
import mlx.nn as nn
import torch
from mlx.utils import tree_unflatten
from torch import Tensor

from livegraph_wan.checkpoint.lora import Lora, LowRank
from livegraph_wan.mlx.convert import from_torch
from livegraph_wan.mlx.layers import Module
from livegraph_wan.mlx.model import WanTransformer
from livegraph_wan.mlx.quantise import shapes_of, unpacked

CPU = torch.device("cpu")
VALUES = "strengths"


class LiveLinear(Module):
    """A linear layer, packed or not, with the factors of several LoRAs, stacked along their ranks."""

    def __init__(self, base: nn.Module, pairs: Mapping[int, LowRank], state: dict[str, Any], dtype: mx.Dtype) -> None:
        """`state[VALUES]`, `[LoRAs]`, is shared by all layers."""
        super().__init__()
        down = torch.cat([pair.down.float() for pair in pairs.values()])
        up = torch.cat([pair.scale * pair.up.float() for pair in pairs.values()], 1)
        factors = from_torch({"down": down, "up": up}.items())
        self.base = base
        self.down, self.up = factors["down"].T.astype(dtype), factors["up"].T.astype(dtype)
        self.of = mx.array([index for index, pair in pairs.items() for _ in range(len(pair.down))], mx.int32)
        self._shared = state

    def __call__(self, x: mx.array) -> mx.array:
        strengths = self._shared[VALUES][self.of].astype(x.dtype)
        out: mx.array = self.base(x) + ((x @ self.down) * strengths) @ self.up
        return out


class Changed(NamedTuple):
    """A parameter that LoRAs change as a whole."""

    layer: nn.Module
    leaf: str
    before: mx.array
    differences: list[tuple[int, mx.array]]
    """By the number of the LoRA, fp32."""


class LiveLoras:
    """Several LoRAs on a transformer, packed or not; `set` changes a strength between two chunks.

    What is not low-rank (biases, norms, modulations, the patch embedding, whole differences) is added to the parameters
    when a strength changes; a packed weight that is changed so is unpacked for good, since packing twice loses twice.
    Raises `ModelError` where a LoRA does not fit.
    """

    def __init__(self, model: WanTransformer, loras: Mapping[str, Lora], strengths: Mapping[str, float]) -> None:
        shapes = shapes_of(model)
        for lora in loras.values():
            lora.check(shapes)
        self._now = {name: float(strengths[name]) for name in loras}
        self._values: dict[str, Any] = {VALUES: mx.array(list(self._now.values()))}
        self._changed: dict[str, Changed] = {}
        self._attach(model, list(loras.values()))
        model.compute_weights()
        self._apply()

    @property
    def state(self) -> list[Any]:
        """What `set` replaces: the inputs of a compiled pass beside its arguments."""
        return [self._values, *(changed.layer for changed in self._changed.values())]

    def set(self, name: str, strength: float) -> None:
        """A LoRA's strength from now on; 1 is as it was trained, 0 is off. `KeyError` for one that is not here."""
        if self._now[name] == strength:
            return
        self._now[name] = strength
        self._values[VALUES] = mx.array(list(self._now.values()))
        self._apply()

    def strengths(self) -> dict[str, float]:
        """As they are now."""
        return dict(self._now)

    def _attach(self, model: WanTransformer, loras: list[Lora]) -> None:
        before = dict(nn.Module.named_modules(model))
        modules, low = dict(before), dict[str, dict[int, LowRank]]()
        for index, lora in enumerate(loras):
            for name, pair in lora.pairs.items():
                if isinstance(modules[name], nn.Linear | nn.QuantizedLinear):
                    low.setdefault(name, {})[index] = pair
                else:
                    self._add(modules, f"{name}.weight", index, pair.difference(CPU), model.dtype)
            for name, difference in lora.small_changes(CPU):
                self._add(modules, name, index, difference, model.dtype)
        for name, pairs in low.items():
            modules[name] = LiveLinear(modules[name], pairs, self._values, model.dtype)
        model.update_modules(tree_unflatten([(name, m) for name, m in modules.items() if m is not before[name]]))

    def _add(self, modules: dict[str, nn.Module], name: str, index: int, difference: Tensor, dtype: mx.Dtype) -> None:
        module, _, leaf = name.rpartition(".")
        layer = modules[module]
        if isinstance(layer, nn.QuantizedLinear) and leaf == "weight":
            layer = modules[module] = unpacked(layer, dtype)
        (converted,) = from_torch([(name, difference)]).values()
        changed = self._changed.setdefault(name, Changed(layer, leaf, layer[leaf], []))
        changed.differences.append((index, converted))

    def _apply(self) -> None:
        """Parameters as the strengths make them, from what they were before."""
        strengths = list(self._now.values())
        for layer, leaf, before, differences in self._changed.values():
            value = before.astype(mx.float32)
            for index, difference in differences:
                value = value + strengths[index] * difference.reshape(value.shape)
            layer[leaf] = value.astype(layer[leaf].dtype)
        mx.async_eval(self.state)
