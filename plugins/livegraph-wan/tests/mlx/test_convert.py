"""Weights from torch to MLX and back: exact, by name, and never silently incomplete."""

from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from livegraph_wan.mlx.convert import from_file, from_torch, load, to_torch_layout
from livegraph_wan.mlx.nano import SHIPPED, TRANSFORMER_FILE, VAE_FILE, NanoWan, load_nano
from livegraph_wan.nano.model import SHIPPED as TORCH_SHIPPED
from livegraph_wan.profile import WAN_NANO

from .conftest import Pair


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_there_and_back_is_exact(nano_pair: Pair, tmp_path: Path, dtype: torch.dtype) -> None:
    state = {name: value.to(dtype) for name, value in nano_pair.torch.state_dict().items()}
    model = NanoWan()
    load(model, from_torch(state.items()))
    mx.save_safetensors(str(tmp_path / "back.safetensors"), to_torch_layout(model))
    back = load_file(tmp_path / "back.safetensors")
    assert back.keys() == state.keys()
    for name, value in state.items():
        assert back[name].dtype == dtype
        assert torch.equal(back[name], value), name


def test_a_file_is_read_as_its_state_dict_is(nano_pair: Pair, tmp_path: Path) -> None:
    state = {name: value.contiguous() for name, value in nano_pair.torch.state_dict().items()}
    save_file(state, tmp_path / "model.safetensors")
    read, given = from_file(tmp_path / "model.safetensors"), from_torch(state.items())
    assert read.keys() == given.keys()
    assert all(mx.array_equal(read[name], given[name]) for name in given)
    assert given["transformer.patch_embedding.weight"].shape == (192, 1, 2, 2, 32)
    assert given["vae.frame_in.weight"].shape == (48, 3, 3, 96)
    assert given["transformer.blocks.0.modulation"].shape == (1, 6, 192)


def test_the_shipped_weights_are_those_of_torch() -> None:
    assert SHIPPED == TORCH_SHIPPED
    assert load_nano().transformer.dtype == mx.bfloat16


def test_a_nano_of_another_size_is_known_by_its_weights(tmp_path: Path) -> None:
    config = replace(WAN_NANO.architecture, num_layers=2, ffn_dim=128)
    weights = to_torch_layout(NanoWan(config))
    vae = {name.removeprefix("vae."): value for name, value in weights.items() if name.startswith("vae.")}
    rest = {name: value for name, value in weights.items() if not name.startswith("vae.")}
    mx.save_safetensors(str(tmp_path / VAE_FILE), vae)
    mx.save_safetensors(str(tmp_path / TRANSFORMER_FILE), rest)
    assert load_nano(tmp_path).transformer.config == config


@pytest.mark.parametrize("change", ["missing", "surplus", "another shape"])
def test_what_does_not_fit_is_named(nano_pair: Pair, change: str) -> None:
    weights = from_torch(nano_pair.torch.state_dict().items())
    name = "transformer.blocks.3.self_attn.q.weight"
    if change == "missing":
        del weights[name]
    elif change == "surplus":
        name = "transformer.blocks.6.self_attn.q.weight"
        weights[name] = mx.zeros((192, 192))
    else:
        weights[name] = mx.zeros((192, 96))
    with pytest.raises(ValueError, match=name.replace(".", r"\.")):
        load(NanoWan(), weights)


def test_numbers_are_not_only_of_the_right_shape(nano_pair: Pair) -> None:
    weight = nano_pair.torch.vae.frame_in.weight.detach().numpy()
    assert np.array_equal(np.array(nano_pair.mlx.vae.frame_in.weight), weight.transpose(0, 2, 3, 1))
