"""Checkpoint files of every kind, as MLX models."""

from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from livegraph import ModelError
from livegraph_wan.checkpoint import read_lora
from livegraph_wan.checkpoint.names import to_diffusers
from livegraph_wan.mlx.checkpoint import load_taehv, load_transformer
from livegraph_wan.mlx.convert import to_torch_layout
from livegraph_wan.mlx.wan import TorchText
from livegraph_wan.nano.text import NanoText
from livegraph_wan.vae.taehv import TAEHV

from .conftest import TINY, Pair

SIZES = {"num_heads": TINY.num_heads, "text_len": TINY.text_len}


def save_torch(weights: dict[str, Tensor], folder: Path) -> Path:
    torch.save({"generator_ema": {f"model._fsdp_wrapped_module.{k}": v for k, v in weights.items()}}, folder / "a.pt")
    return folder / "a.pt"


def save_original(weights: dict[str, Tensor], folder: Path) -> Path:
    save_file({f"model.{name}": value for name, value in weights.items()}, folder / "b.safetensors")
    return folder / "b.safetensors"


def save_diffusers(weights: dict[str, Tensor], folder: Path) -> Path:
    save_file({to_diffusers(name): value for name, value in weights.items()}, folder / "c.safetensors")
    return folder / "c.safetensors"


def weights_of(pair: Pair, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    return {name: value.to(dtype) for name, value in pair.torch.transformer.state_dict().items()}


def as_mlx(weight: Tensor) -> mx.array:
    return mx.array(weight.float().numpy())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("save", [save_torch, save_original, save_diffusers])
def test_every_kind_of_file_is_the_same_model(pair: Pair, tmp_path: Path, save: Callable, dtype: torch.dtype) -> None:
    weights = weights_of(pair, dtype)
    model = load_transformer(save(weights, tmp_path), **SIZES)
    assert model.config == TINY
    assert model.dtype == (mx.float32 if dtype == torch.float32 else mx.bfloat16)
    found = to_torch_layout(model)
    assert found.keys() == weights.keys()
    assert all(mx.array_equal(value, as_mlx(weights[name])) for name, value in found.items())


def test_loras_are_merged(pair: Pair, tmp_path: Path) -> None:
    name, weights = "blocks.1.ffn.0", weights_of(pair)
    down, up = torch.randn(2, TINY.dim), torch.randn(TINY.ffn_dim, 2)
    save_file({f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up}, tmp_path / "lora.safetensors")
    lora = read_lora(tmp_path / "lora.safetensors")
    model = load_transformer(save_original(weights, tmp_path), **SIZES, loras=[(lora, 0.5)])
    wanted = weights[f"{name}.weight"] + 0.5 * up @ down
    np.testing.assert_allclose(np.array(model.blocks[1].ffn[0].weight), wanted.numpy(), atol=1e-6)
    assert (wanted - weights[f"{name}.weight"]).abs().max() > 0.1


def test_what_does_not_fit_is_named(pair: Pair, tmp_path: Path) -> None:
    weights = weights_of(pair)
    del weights["blocks.1.norm3.bias"]
    with pytest.raises(ModelError, match=r"b\.safetensors: .*blocks\.1\.norm3\.bias"):
        load_transformer(save_original(weights, tmp_path), **SIZES)


def test_taehv_comes_from_a_file(tmp_path: Path) -> None:
    weights = TAEHV().state_dict()
    save_file(weights, tmp_path / "taew2_1.safetensors")
    vae = load_taehv(tmp_path / "taew2_1.safetensors", source="raw")
    assert vae.source == "raw"
    assert mx.array_equal(vae.decoder[22].bias, as_mlx(weights["decoder.22.bias"]))
    del weights["decoder.22.bias"]
    save_file(weights, tmp_path / "less.safetensors")
    with pytest.raises(ModelError, match=r"decoder\.22\.bias"):
        load_taehv(tmp_path / "less.safetensors")


def test_a_text_encoder_of_torch_is_read_on_the_host() -> None:
    encoder = NanoText().to(torch.bfloat16)
    embedding = TorchText(encoder).read("ink on paper")
    assert embedding.dtype == np.float32
    assert np.array_equal(embedding, encoder.read("ink on paper").float().numpy())
