from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from livegraph_wan.attention import DenseMemory
from livegraph_wan.grid import PATCH
from livegraph_wan.model import WanTransformer
from livegraph_wan.profile import Architecture
from livegraph_wan.rope import RopeTable

Weights = dict[str, Tensor]

CPU = torch.device("cpu")

TINY = Architecture(
    dim=32, ffn_dim=48, num_layers=2, num_heads=2, text_dim=12, text_len=7, in_dim=4, out_dim=4, freq_dim=16
)


def assert_filled(model: WanTransformer, weights: Mapping[str, Tensor]) -> None:
    found = model.state_dict()
    assert found.keys() == weights.keys()
    for name, value in weights.items():
        assert torch.equal(found[name], value), name


def run(model: WanTransformer, latents: Tensor, text: Tensor, timestep: float) -> Tensor:
    """All frames `[1, C, F, H, W]` as one block, which attends to itself: what a model that is not causal does."""
    frames, height, width = latents.shape[2], latents.shape[3] // PATCH, latents.shape[4] // PATCH
    memory = DenseMemory(RopeTable(model.config.head_dim, height, width, CPU), frames, None)
    return model(latents, torch.full((1, frames), timestep), model.read_prompt(text), memory)
