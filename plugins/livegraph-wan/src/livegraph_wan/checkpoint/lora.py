"""LoRA files of every naming in use for Wan, merged into weights: `W + strength * alpha/rank * up @ down`.

Besides low-rank pairs, published files hold whole differences, of weights (`.diff`), biases (`.diff_b`) and modulations
(`.diff_m`). What a file holds beyond that (DoRA, LoHa, LoKr, convolutions in three parts) is refused by name.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from livegraph import ModelError
from livegraph_wan.checkpoint.names import layout_of, to_diffusers, to_original, unflatten
from livegraph_wan.checkpoint.read import Tensors, open_tensors
from livegraph_wan.checkpoint.transformer import nearest

_PREFIXES = ("base_model.model.", "diffusion_model.", "transformer.", "model.")
_FLAT = "lora_unet_"
_KEY = re.compile(
    r"(?P<module>.+?)\.(?:lora_(?P<side>A|B|down|up)(?:\.(?!weight$|bias$)\w+)?\.(?P<leaf>weight|bias)"
    r"|(?P<whole>alpha|diff|diff_b|diff_m))"
)
_FOREIGN = re.compile(r"dora_scale|lora_magnitude_vector|hada_|lokr_|lora_mid|oft_|lora_embedding")
_SIDES = {"A": "down", "down": "down", "B": "up", "up": "up"}
_DIFFERENCES = {"diff": "weight", "diff_b": "bias", "diff_m": "modulation"}


@dataclass(frozen=True)
class LowRank:
    """A pair of factors: `down` `[rank, in, ...]`, `up` `[out, rank, ...]`, `scale` = alpha / rank, or 1 without alpha.

    `bias` `[out]` is what PEFT's `lora_bias` adds, and is scaled with them.
    """

    down: Tensor
    up: Tensor
    scale: float
    bias: Tensor | None

    @property
    def shape(self) -> torch.Size:
        """Of the weight that it changes."""
        return torch.Size((self.up.shape[0], *self.down.shape[1:]))

    def difference(self, device: torch.device) -> Tensor:
        """`[out, in, ...]`, fp32."""
        up, down = (factor.to(device, torch.float32).flatten(1) for factor in (self.up, self.down))
        return self.scale * (up @ down).reshape(self.shape)


@dataclass(frozen=True)
class Lora:
    """What a LoRA changes, by the original names of modules (`pairs`) and of parameters (`differences`)."""

    path: Path
    pairs: Mapping[str, LowRank]
    differences: Mapping[str, Tensor]

    def small_changes(self, device: torch.device) -> Iterator[tuple[str, Tensor]]:
        """What it adds to parameters at strength 1, fp32, beside the pairs' weights; a name may come twice."""
        for module, pair in self.pairs.items():
            if pair.bias is not None:
                yield f"{module}.bias", pair.scale * pair.bias.to(device, torch.float32)
        for name, difference in self.differences.items():
            yield name, difference.to(device, torch.float32)

    def merged(self, name: str, weight: Tensor, strength: float) -> Tensor:
        """A parameter with this LoRA in it, fp32; the same tensor where it is not concerned."""
        for difference in self._of(name, weight.device):
            weight = weight.float() + strength * difference.reshape(weight.shape)
        return weight

    def check(self, shapes: Mapping[str, torch.Size]) -> None:
        """`ModelError` where it changes what a model with these parameters has not, or has in another shape."""
        for module, pair in self.pairs.items():
            self._fits(f"{module}.weight", pair.shape, shapes)
            if pair.bias is not None:
                self._fits(f"{module}.bias", pair.bias.shape, shapes)
        for name, difference in self.differences.items():
            self._fits(name, difference.shape, shapes)

    def _of(self, name: str, device: torch.device) -> Iterator[Tensor]:
        module, _, leaf = name.rpartition(".")
        pair = self.pairs.get(module)
        if pair is not None and leaf == "weight":
            yield pair.difference(device)
        if pair is not None and leaf == "bias" and pair.bias is not None:
            yield pair.scale * pair.bias.to(device, torch.float32)
        if name in self.differences:
            yield self.differences[name].to(device, torch.float32)

    def _fits(self, name: str, shape: torch.Size, shapes: Mapping[str, torch.Size]) -> None:
        if name not in shapes:
            near = nearest(name, shapes)
            raise ModelError(
                f"{self.path}: it changes {name}, which the model has not" + (f" ({near}?)" if near else "")
            )
        if shape != shapes[name]:
            raise ModelError(
                f"{self.path}: it changes {name} as {list(shape)}, which is {list(shapes[name])} here: "
                "it is for a model of another size"
            )


def read_lora(path: Path) -> Lora:
    """A LoRA from safetensors or torch's format, in any of the namings. Raises `ModelError`, which names the key."""
    tensors = open_tensors(path)
    parts: dict[str, dict[str, Tensor]] = defaultdict(dict)
    differences: dict[str, Tensor] = {}
    for key, (module, kind) in _modules(tensors).items():
        if kind in _DIFFERENCES:
            differences[f"{module}.{_DIFFERENCES[kind]}"] = tensors[key]
        else:
            parts[module][kind] = tensors[key]
    pairs = {module: _pair(tensors.path, module, found) for module, found in parts.items()}
    if not pairs and not differences:
        raise ModelError(f"{tensors.path} is no LoRA: it is empty")
    return Lora(tensors.path, pairs, differences)


def _modules(tensors: Tensors) -> dict[str, tuple[str, str]]:
    """Per key: the original name of its module, and which part of it the tensor is."""
    split = {key: _split(tensors.path, key) for key in tensors}
    layout = layout_of(f"{module}." for module, _ in split.values())
    return {
        key: (module if kind == "diff_m" else _original(tensors.path, key, module, layout == "diffusers"), kind)
        for key, (module, kind) in split.items()
    }


def _split(path: Path, key: str) -> tuple[str, str]:
    """A key without its prefixes, as module and part: `down`, `up`, `up_bias`, `alpha` or a difference."""
    if _FOREIGN.search(key):
        raise ModelError(f"{path}: {key}: only plain LoRA can be applied, not DoRA, LoHa, LoKr and the like")
    match = _KEY.fullmatch(key)
    if match is None:
        raise ModelError(f"{path} is no LoRA, or of an unknown kind: it has {key}")
    kind = match["whole"] or _SIDES[match["side"]] + ("_bias" if match["leaf"] == "bias" else "")
    module = match["module"]
    while prefix := next((prefix for prefix in _PREFIXES if module.startswith(prefix)), ""):
        module = module.removeprefix(prefix)
    return module, kind


def _original(path: Path, key: str, module: str, diffusers: bool) -> str:
    try:
        if module.startswith(_FLAT):
            return unflatten(module.removeprefix(_FLAT))
        if diffusers:
            return to_original(module)
        to_diffusers(module)  # known at all?
        return module
    except KeyError:
        raise ModelError(f"{path}: {key} is for no part of a Wan transformer") from None


def _pair(path: Path, module: str, found: Mapping[str, Tensor]) -> LowRank:
    for part in ("down", "up"):
        if part not in found:
            raise ModelError(f"{path}: {module} has {', '.join(sorted(found))}, but no {part}")
    down, up = found["down"], found["up"]
    rank = down.shape[0]
    if up.ndim < 2 or up.shape[1] != rank:
        raise ModelError(f"{path}: {module}: down {list(down.shape)} and up {list(up.shape)} are of different ranks")
    scale = found["alpha"].item() / rank if "alpha" in found else 1.0
    return LowRank(down, up, scale, found.get("up_bias"))
