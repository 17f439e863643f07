"""The image encoder of Wan 2.1's image-to-video models: CLIP ViT-H/14, of which the layer before the last is read.

From a folder or file as Wan publishes it (open-clip's names in a `.pth`, under `visual.`, the text half beside it), as
diffusers does (`image_encoder` with its `config.json`), or as ComfyUI does (transformers' names in one file).
"""

import hashlib
import math
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from livegraph import ModelError
from livegraph_wan.backend import Pictures
from livegraph_wan.checkpoint import Tensors, open_tensors

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
HEAD_DIM = 80
"""Of ViT-H. Shapes do not tell it."""
KEPT = 8
"""How many stills' features are remembered."""

_WAN = {
    "visual.patch_embedding.": "embeddings.patch_embedding.",
    "visual.cls_embedding": "embeddings.class_embedding",
    "visual.pos_embedding": "embeddings.position_embedding.weight",
    "visual.pre_norm.": "pre_layrnorm.",
    "visual.post_norm.": "post_layernorm.",
}
_WAN_LAYER = {
    "norm1.": "layer_norm1.",
    "norm2.": "layer_norm2.",
    "attn.proj.": "self_attn.out_proj.",
    "mlp.0.": "mlp.fc1.",
    "mlp.2.": "mlp.fc2.",
}
_LAYER = re.compile(r"visual\.transformer\.(\d+)\.(.+)")
_UNUSED = re.compile(r"textual\.|log_scale|visual\.head|text_|visual_projection|logit_scale|.*position_ids")


class ClipVision:
    """Pictures to features; the last few stills' are remembered."""

    def __init__(self, path: Path, device: torch.device, dtype: torch.dtype) -> None:
        """Loads at once: a stream cannot begin without it. Raises `ModelError`."""
        self._model = load_vision(path).to(device, dtype).eval()
        self._side: int = self._model.config.image_size
        self._device, self._dtype = device, dtype
        self._known: OrderedDict[bytes, Tensor] = OrderedDict()

    @torch.inference_mode()
    def read(self, picture: Pictures) -> Tensor:
        """`[H, W, 3]` uint8 to `[1, tokens, dim]`: 257 tokens of 1280."""
        key = hashlib.sha256(f"{picture.shape}".encode() + picture.tobytes()).digest()
        if key not in self._known:
            pixels = prepared(picture, self._side).to(self._device, self._dtype)
            self._known[key] = self._model(pixels, output_hidden_states=True).hidden_states[-2]
        self._known.move_to_end(key)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return self._known[key]


def prepared(picture: Pictures, side: int) -> Tensor:
    """As Wan prepares a still: squeezed into a square, whatever its shape, and normalised. `[1, 3, side, side]`."""
    pixels = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255
    square = F.interpolate(pixels, (side, side), mode="bicubic", align_corners=False)
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    return (square - mean) / std


def load_vision(path: Path) -> Any:
    """transformers' `CLIPVisionModel` from a file or folder in any of the published layouts. Raises `ModelError`."""
    from transformers import CLIPVisionModel

    folder = path / "image_encoder" if (path / "image_encoder").is_dir() else path
    tensors = open_tensors(folder)
    weights = dict(_weights(tensors))
    if "embeddings.patch_embedding.weight" not in weights:
        raise ModelError(f"{tensors.path} is no CLIP vision model")
    with torch.device("meta"):
        model = CLIPVisionModel(_config(folder, weights))
    names = {name: name.removeprefix("vision_model.") for name in model.state_dict()}
    if missing := sorted(set(names.values()) - set(weights)):
        raise ModelError(f"{tensors.path} lacks {len(missing)} weights of a CLIP vision model, {missing[0]} for one")
    model.load_state_dict({name: weights[own] for name, own in names.items()}, assign=True)
    for module in model.modules():
        if hasattr(module, "position_ids"):  # no weight: it is on the meta device still
            module.position_ids = torch.arange(len(weights["embeddings.position_embedding.weight"]))[None]
    return model


def _weights(tensors: Tensors) -> Iterator[tuple[str, Tensor]]:
    """By transformers' names, less `vision_model.`; of a text half nothing is read."""
    for name in tensors:
        if _UNUSED.match(name):
            continue
        if found := _LAYER.fullmatch(name):
            yield from _layer(f"encoder.layers.{found[1]}.", found[2], tensors[name])
        else:
            yield _renamed(_WAN, name).removeprefix("vision_model."), _without_batch(name, tensors[name])


def _layer(prefix: str, name: str, tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    """A weight of one of Wan's layers, which have queries, keys and values in one."""
    if name.startswith("attn.to_qkv."):
        for which, part in zip("qkv", tensor.chunk(3), strict=True):
            yield f"{prefix}self_attn.{which}_proj.{name.rpartition('.')[2]}", part
    else:
        yield prefix + _renamed(_WAN_LAYER, name), tensor


def _renamed(table: Mapping[str, str], name: str) -> str:
    for theirs, ours in table.items():
        if name.startswith(theirs):
            return ours + name.removeprefix(theirs)
    return name


def _without_batch(name: str, tensor: Tensor) -> Tensor:
    """Wan keeps the class embedding as `[1, 1, dim]`, and the positions as `[1, tokens, dim]`."""
    if name == "visual.cls_embedding":
        return tensor.flatten()
    return tensor[0] if name == "visual.pos_embedding" else tensor


def _config(folder: Path, weights: Mapping[str, Tensor]) -> Any:
    """From the `config.json` beside the weights, else from their shapes."""
    from transformers import CLIPVisionConfig

    if (folder / "config.json").is_file():
        return CLIPVisionConfig.from_pretrained(folder, local_files_only=True)
    width, _, patch, _ = weights["embeddings.patch_embedding.weight"].shape
    tokens = len(weights["embeddings.position_embedding.weight"])
    return CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=len(weights["encoder.layers.0.mlp.fc1.weight"]),
        num_hidden_layers=1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layers.")),
        num_attention_heads=width // HEAD_DIM,
        image_size=patch * math.isqrt(tokens - 1),
        patch_size=patch,
        hidden_act="gelu",
    )
