"""LoRAs whose strengths change while the model runs: the low-rank path is computed beside the weight, not merged."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegraph_wan.checkpoint.lora import Lora, LowRank


class LiveLinear(nn.Linear):
    """A linear layer with the factors of several LoRAs, stacked along their ranks, and a strength per LoRA.

    It shares `weight` and `bias` with the layer that it stands for, and adds nothing to the state dict. `strengths`
    `[LoRAs]` is shared by all layers and changed in place, so a compiled graph stays valid.
    """

    down: Tensor
    up: Tensor
    of: Tensor
    strengths: Tensor

    def __init__(self, base: nn.Linear, pairs: Mapping[int, LowRank], strengths: Tensor) -> None:
        super().__init__(base.in_features, base.out_features, base.bias is not None, device="meta")
        self.weight, self.bias = base.weight, base.bias
        device, dtype = base.weight.device, base.weight.dtype
        down = torch.cat([pair.down.to(device, torch.float32) for pair in pairs.values()])
        up = torch.cat([pair.scale * pair.up.to(device, torch.float32) for pair in pairs.values()], 1)
        of = torch.cat([torch.full((pair.down.shape[0],), index) for index, pair in pairs.items()])
        self.register_buffer("down", down.to(dtype), persistent=False)
        self.register_buffer("up", up.to(dtype), persistent=False)
        self.register_buffer("of", of.to(device), persistent=False)
        self.register_buffer("strengths", strengths, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        low = F.linear(x, self.down) * self.strengths[self.of].to(x.dtype)
        return F.linear(x, self.weight, self.bias) + F.linear(low, self.up)


class LiveLoras:
    """Several LoRAs on a model that lies where it will run; `set` changes a strength between two chunks.

    Linear layers get the factors beside them, which costs `rank * (in + out)` per token and layer, at strength 0 too.
    What is not low-rank (biases, norms, modulations, the patch embedding) is added to the parameters when a strength
    changes. `detach` gives the model back as it was. Raises `ModelError` where a LoRA does not fit.
    """

    def __init__(self, model: nn.Module, loras: Mapping[str, Lora], strengths: Mapping[str, float]) -> None:
        shapes = {name: value.shape for name, value in model.state_dict().items()}
        for lora in loras.values():
            lora.check(shapes)
        self._model = model
        self._index = {name: index for index, name in enumerate(loras)}
        self._now = {name: float(strengths[name]) for name in loras}
        self._device = next(model.parameters()).device
        self._values = torch.tensor(list(self._now.values()), device=self._device)
        self._replaced: dict[str, nn.Linear] = {}
        self._changes: dict[str, list[tuple[int, Tensor]]] = {}
        self._before: dict[str, Tensor] = {}
        self._attach(loras)
        self._apply()

    def set(self, name: str, strength: float) -> None:
        """A LoRA's strength from now on; 1 is as it was trained, 0 is off. `KeyError` for one that is not here."""
        if self._now[name] == strength:
            return
        self._now[name] = strength
        with torch.inference_mode():
            self._values[self._index[name]] = strength
        if self._changes:
            self._apply()

    def strengths(self) -> dict[str, float]:
        """As they are now."""
        return dict(self._now)

    def detach(self) -> None:
        """Take all of them off the model."""
        for name, layer in self._replaced.items():
            self._model.set_submodule(name, layer)
        with torch.inference_mode():
            for name, before in self._before.items():
                self._model.get_parameter(name).copy_(before)

    def _attach(self, loras: Mapping[str, Lora]) -> None:
        low: dict[str, dict[int, LowRank]] = {}
        for index, lora in enumerate(loras.values()):
            for module, pair in lora.pairs.items():
                if isinstance(self._model.get_submodule(module), nn.Linear):
                    low.setdefault(module, {})[index] = pair
                else:
                    self._add(f"{module}.weight", index, pair.difference(self._device))
            for name, difference in lora.small_changes(self._device):
                self._add(name, index, difference)
        for module, pairs in low.items():
            layer = self._model.get_submodule(module)
            assert isinstance(layer, nn.Linear)
            self._replaced[module] = layer
            self._model.set_submodule(module, LiveLinear(layer, pairs, self._values))

    def _add(self, name: str, index: int, difference: Tensor) -> None:
        if name not in self._before:
            self._before[name] = self._model.get_parameter(name).detach().clone()
        self._changes.setdefault(name, []).append((index, difference))

    @torch.inference_mode()
    def _apply(self) -> None:
        """Parameters as the strengths make them, in place, from what they were before."""
        for name, changes in self._changes.items():
            value = self._before[name].float()
            for index, difference in changes:
                value = value + self._values[index] * difference.reshape(value.shape)
            self._model.get_parameter(name).copy_(value)
