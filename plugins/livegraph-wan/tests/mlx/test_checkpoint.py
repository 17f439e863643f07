"""Checkpoint files of every kind, as MLX models."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
import torch
from mlx.utils import tree_flatten
from safetensors.torch import save_file
from torch import Tensor

from livegraph import InputError, ModelError
from livegraph_wan.checkpoint import open_tensors, read_lora
from livegraph_wan.checkpoint.names import to_diffusers
from livegraph_wan.load import Wanted, load
from livegraph_wan.mlx import load as mlx_load
from livegraph_wan.mlx.checkpoint import load_taehv, load_transformer, load_wan_vae
from livegraph_wan.mlx.convert import to_torch_layout
from livegraph_wan.mlx.quantise import quantise
from livegraph_wan.mlx.wan import TorchText
from livegraph_wan.model import WanTransformer
from livegraph_wan.nano.text import NanoText
from livegraph_wan.profile import Architecture
from livegraph_wan.vae.architecture import VAEArchitecture
from livegraph_wan.vae.names import to_diffusers as vae_to_diffusers
from livegraph_wan.vae.taehv import TAEHV
from livegraph_wan.vae.wan import WanVAE

from .conftest import PROFILE, TINY, Pair

SMALL_VAE = VAEArchitecture(base_dim=8)


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
    model = load_transformer(save(weights, tmp_path), TINY)
    assert model.dtype == (mx.float32 if dtype == torch.float32 else mx.bfloat16)
    found = to_torch_layout(model)
    assert found.keys() == weights.keys()
    assert all(mx.array_equal(value, as_mlx(weights[name])) for name, value in found.items())


@pytest.mark.parametrize("save", [save_torch, save_original, save_diffusers])
def test_an_image_model_is_read_with_its_image_layers(image_pair: Pair, tmp_path: Path, save: Callable) -> None:
    """`img_emb`, `k_img`, `v_img`, `norm_k_img` in every naming; `test_transformer` compares what they compute."""
    weights = weights_of(image_pair)
    found = to_torch_layout(load_transformer(save(weights, tmp_path), replace(TINY, image_dim=24)))
    assert found.keys() == weights.keys()
    assert {"img_emb.proj.1.weight", "blocks.1.cross_attn.k_img.weight"} < found.keys()
    assert all(mx.array_equal(value, as_mlx(weights[name])) for name, value in found.items())
    with pytest.raises(ModelError, match="img_emb"):
        load_transformer(save(weights, tmp_path), TINY)


@pytest.mark.parametrize("bits", [4, 8])
def test_packed_while_it_is_read_it_is_the_same_and_never_whole(tmp_path: Path, bits: int) -> None:
    config = Architecture(dim=256, ffn_dim=1024, num_layers=6, num_heads=4, text_dim=64, text_len=16, freq_dim=32)
    weights = {name: value.contiguous() for name, value in WanTransformer(config).state_dict().items()}
    save_file(weights, tmp_path / "model.safetensors")
    whole = load_transformer(tmp_path / "model.safetensors", config)
    quantise(whole, bits)
    mx.synchronize()
    mx.reset_peak_memory()
    before = mx.get_active_memory()
    read = load_transformer(tmp_path / "model.safetensors", config, bits=bits)
    peak = mx.get_peak_memory() - before
    wanted, found = (dict(tree_flatten(model.parameters())) for model in (whole, read))
    assert found.keys() == wanted.keys()
    assert all(mx.array_equal(found[name], wanted[name]) for name in wanted)
    assert peak < 0.6 * sum(value.numel() * 4 for value in weights.values())


def test_a_dtype_is_taken_weight_by_weight(pair: Pair, tmp_path: Path) -> None:
    path = save_original(weights_of(pair), tmp_path)
    found = to_torch_layout(load_transformer(path, TINY, dtype=mx.bfloat16))
    assert {value.dtype for value in found.values()} == {mx.bfloat16}
    name = "blocks.0.ffn.0.weight"
    assert mx.array_equal(found[name], as_mlx(weights_of(pair)[name]).astype(mx.bfloat16))


def test_loras_are_merged(pair: Pair, tmp_path: Path) -> None:
    name, weights = "blocks.1.ffn.0", weights_of(pair)
    down, up = torch.randn(2, TINY.dim), torch.randn(TINY.ffn_dim, 2)
    save_file({f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up}, tmp_path / "lora.safetensors")
    lora = read_lora(tmp_path / "lora.safetensors")
    model = load_transformer(save_original(weights, tmp_path), TINY, loras=[(lora, 0.5)])
    wanted = weights[f"{name}.weight"] + 0.5 * up @ down
    np.testing.assert_allclose(np.array(model.blocks[1].ffn[0].weight), wanted.numpy(), atol=1e-6)
    assert (wanted - weights[f"{name}.weight"]).abs().max() > 0.1


def test_what_does_not_fit_is_named(pair: Pair, tmp_path: Path) -> None:
    weights = weights_of(pair)
    del weights["blocks.1.norm3.bias"]
    with pytest.raises(ModelError, match=r"b\.safetensors: .*blocks\.1\.norm3\.bias"):
        load_transformer(save_original(weights, tmp_path), TINY)


@pytest.fixture
def pulled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pair: Pair) -> Path:
    """A folder of models: TAEHV, a tiny transformer, and wan-nano's text encoder in the place of UMT5."""
    monkeypatch.setenv("LIVEGRAPH_MODELS_DIR", str(tmp_path / "none"))
    monkeypatch.setattr(mlx_load, "Umt5", lambda folder, cache, text_len: NanoText())
    monkeypatch.setattr(mlx_load, "require_model", lambda name: tmp_path / name)
    for name in ("taew2_1", "tiny"):
        (tmp_path / name).mkdir()
    torch.save(TAEHV().state_dict(), tmp_path / "taew2_1" / "taew2_1.pth")
    save_diffusers(weights_of(pair), tmp_path / "tiny")
    return tmp_path


@pytest.mark.parametrize("packed", ["none", "int8"])
def test_a_pulled_model_streams(pulled: Path, packed: str) -> None:
    stream = load(Wanted(replace(PROFILE, normalised=False), vae="taehv", dtype="fp32", quantise=packed), "mlx").stream
    stream.set_prompt("ink on paper")
    clip = np.random.default_rng(1).integers(0, 256, (4, 16, 32, 3), dtype=np.uint8)
    assert len(stream.step(clip)) == 1
    assert len(stream.step(clip)) == 4
    vae = stream._backend._model.vae
    assert vae.source == "raw"
    assert mx.array_equal(vae.decoder[22].bias, as_mlx(open_tensors(pulled / "taew2_1/taew2_1.pth")["decoder.22.bias"]))
    quantised = isinstance(stream._backend._model.transformer.blocks[0].ffn[0], nn.QuantizedLinear)
    assert quantised == (packed != "none")


def test_a_graph_may_ask_for_compiling(pulled: Path) -> None:
    for asked, compiled in ((None, mx.default_device() == mx.Device(mx.gpu)), (True, True), (False, False)):
        assert load(Wanted(PROFILE, vae="taehv", compiled=asked), "mlx").stream._backend._compiled == compiled


def test_what_mlx_has_not_is_named(pulled: Path) -> None:
    with pytest.raises(InputError, match=r"quantise: int4 does not work on torch-cpu; here: none.*on mlx: int8, int4"):
        load(Wanted(PROFILE, quantise="int4"), "torch-cpu")
    with pytest.raises(InputError, match=r"quantise: fp8 does not work on mlx; here: none, int8, int4"):
        load(Wanted(PROFILE, quantise="fp8"), "mlx")


def test_a_taehv_that_is_not_whole_is_named(pulled: Path) -> None:
    weights = TAEHV().state_dict()
    del weights["decoder.22.bias"]
    torch.save(weights, pulled / "less.pth")
    with pytest.raises(ModelError, match=r"less\.pth: .*decoder\.22\.bias"):
        load_taehv(pulled / "less.pth")


@pytest.fixture
def wan_vae() -> dict[str, Tensor]:
    torch.manual_seed(4)
    return WanVAE(SMALL_VAE).state_dict()


@pytest.mark.parametrize("kind", ["Wan2.1_VAE.pth", "diffusion_pytorch_model.safetensors"])
def test_wans_own_vae_is_read_from_either_file(wan_vae: dict[str, Tensor], tmp_path: Path, kind: str) -> None:
    """In the folder that it was pulled to; its numbers are compared in `test_wan_vae`."""
    if kind.endswith(".pth"):
        torch.save(wan_vae, tmp_path / kind)
    else:
        save_file(vae_to_diffusers(wan_vae), tmp_path / kind)
    vae = load_wan_vae(tmp_path, source="raw", config=SMALL_VAE)
    found = to_torch_layout(vae)
    assert found.keys() == wan_vae.keys()
    assert all(mx.array_equal(value, as_mlx(wan_vae[name])) for name, value in found.items())
    assert vae.source == "raw"


def test_what_a_vae_lacks_is_named(wan_vae: dict[str, Tensor], tmp_path: Path) -> None:
    del wan_vae["decoder.head.2.bias"]
    torch.save(wan_vae, tmp_path / "Wan2.1_VAE.pth")
    with pytest.raises(ModelError, match=r"decoder\.head\.2\.bias"):
        load_wan_vae(tmp_path, config=SMALL_VAE)


def test_a_pulled_model_streams_through_wans_own_vae(pulled: Path, wan_vae, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first frame standing still goes before, so that chunks come back whole."""
    (pulled / "wan2.1-vae").mkdir()
    torch.save(wan_vae, pulled / "wan2.1-vae" / "Wan2.1_VAE.pth")
    monkeypatch.setattr(mlx_load, "load_wan_vae", partial(load_wan_vae, config=SMALL_VAE))
    stream = load(Wanted(replace(PROFILE, normalised=False), vae="wan", dtype="fp32"), "mlx").stream
    stream.set_prompt("ink on paper")
    clip = np.random.default_rng(1).integers(0, 256, (4, 16, 32, 3), dtype=np.uint8)
    assert [len(stream.step(clip)) for _ in range(3)] == [4, 4, 4]
    assert stream._backend._model.vae.source == "raw"


def test_a_text_encoder_of_torch_is_read_on_the_host() -> None:
    encoder = NanoText().to(torch.bfloat16)
    embedding = TorchText(encoder).read("ink on paper")
    assert embedding.dtype == np.float32
    assert np.array_equal(embedding, encoder.read("ink on paper").float().numpy())
