"""LoRA files of every naming, merged and live, against the sum written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from checkpoint_support import Weights, run
from safetensors.torch import save_file
from torch import Tensor
from torch._dynamo.testing import CompileCounter

from livegraph import ModelError
from livegraph_wan.checkpoint import LiveLoras, fill, open_transformer, read_lora
from livegraph_wan.checkpoint.names import to_diffusers
from livegraph_wan.model import Architecture, WanTransformer

MODULES = (
    "blocks.0.self_attn.q",
    "blocks.0.cross_attn.k",
    "blocks.1.self_attn.o",
    "blocks.1.ffn.0",
    "blocks.1.ffn.2",
    "time_projection.1",
    "head.head",
)
RANK = 3

Factors = dict[str, tuple[Tensor, Tensor]]
"""Module -> down and up."""


def factors(weights: Weights, seed: int = 0) -> Factors:
    generator = torch.Generator().manual_seed(seed)

    def noise(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator) * 0.3

    shapes = {module: weights[f"{module}.weight"].shape for module in MODULES}
    return {module: (noise(RANK, shape[1]), noise(shape[0], RANK)) for module, shape in shapes.items()}


def named(found: Factors, name: Callable[[str], str], down: str, up: str) -> Weights:
    tensors: Weights = {}
    for module, (a, b) in found.items():
        tensors |= {f"{name(module)}.{down}": a.clone(), f"{name(module)}.{up}": b.clone()}
    return tensors


def merged(path: Path, weights: Weights, loras: list[tuple[Path, float]], model: WanTransformer) -> Weights:
    save_file(weights, path / "base.safetensors")
    fill(model, open_transformer(path / "base.safetensors"), loras=[(read_lora(lora), s) for lora, s in loras])
    return dict(model.state_dict())


def by_hand(weights: Weights, found: Factors, scale: float) -> Weights:
    changed = {f"{module}.weight": weights[f"{module}.weight"] + scale * b @ a for module, (a, b) in found.items()}
    return weights | changed


def assert_close(found: Weights, wanted: Weights) -> None:
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, atol=1e-6, rtol=1e-5, msg=name)


NAMINGS: dict[str, tuple[Callable[[str], str], str, str]] = {
    "bare": (lambda m: m, "lora_A.weight", "lora_B.weight"),
    "comfyui": (lambda m: f"diffusion_model.{m}", "lora_down.weight", "lora_up.weight"),
    "comfyui with A and B": (lambda m: f"diffusion_model.{m}", "lora_A.weight", "lora_B.weight"),
    "diffusers": (lambda m: f"transformer.{to_diffusers(m)}", "lora_A.weight", "lora_B.weight"),
    "peft": (lambda m: f"base_model.model.{m}", "lora_A.weight", "lora_B.weight"),
    "peft in training": (lambda m: f"base_model.model.model.{m}", "lora_A.default.weight", "lora_B.default.weight"),
    "kohya": (lambda m: "lora_unet_" + m.replace(".", "_"), "lora_down.weight", "lora_up.weight"),
    "kohya of diffusers": (
        lambda m: "lora_unet_" + to_diffusers(m).replace(".", "_"),
        "lora_down.weight",
        "lora_up.weight",
    ),
}


@pytest.mark.parametrize("naming", NAMINGS)
@pytest.mark.parametrize("alpha", [None, 1.5])
def test_every_naming_merges_the_same(
    tmp_path: Path, weights: Weights, empty: WanTransformer, naming: str, alpha: float | None
) -> None:
    name, down, up = NAMINGS[naming]
    found = factors(weights)
    tensors = named(found, name, down, up)
    if alpha is not None:
        tensors |= {f"{name(module)}.alpha": torch.tensor(alpha) for module in found}
    save_file(tensors, tmp_path / "lora.safetensors")
    scale = 1.0 if alpha is None else alpha / RANK
    result = merged(tmp_path, weights, [(tmp_path / "lora.safetensors", 0.7)], empty)
    assert_close(result, by_hand(weights, found, 0.7 * scale))


def test_a_lora_in_a_training_checkpoint(tmp_path: Path, weights: Weights, empty: WanTransformer) -> None:
    """As LongLive's `lora.pt` has it, beside its critic's."""
    found = factors(weights)
    tensors = named(found, lambda m: f"base_model.model.{m}", "lora_A.weight", "lora_B.weight")
    torch.save({"generator_lora": tensors, "critic_lora": {"x": torch.ones(1)}}, tmp_path / "lora.pt")
    assert_close(merged(tmp_path, weights, [(tmp_path / "lora.pt", 1.0)], empty), by_hand(weights, found, 1.0))


def test_several_add_up(tmp_path: Path, weights: Weights, empty: WanTransformer) -> None:
    loras = []
    wanted = weights
    for seed, strength in ((1, 0.5), (2, -1.25)):
        found = factors(weights, seed)
        save_file(named(found, lambda m: m, "lora_A.weight", "lora_B.weight"), tmp_path / f"{seed}.safetensors")
        loras.append((tmp_path / f"{seed}.safetensors", strength))
        wanted = by_hand(wanted, found, strength)
    assert_close(merged(tmp_path, weights, loras, empty), wanted)


def test_the_patch_embedding_is_a_convolution(tmp_path: Path, weights: Weights, empty: WanTransformer) -> None:
    down, up = torch.randn(RANK, 4, 1, 2, 2), torch.randn(32, RANK, 1, 1, 1)
    tensors = {"patch_embedding.lora_down.weight": down, "patch_embedding.lora_up.weight": up}
    save_file(tensors, tmp_path / "lora.safetensors")
    change = torch.einsum("or,rithw->oithw", up[:, :, 0, 0, 0], down)
    name = "patch_embedding.weight"
    wanted = weights | {name: weights[name] + 2 * change}
    assert_close(merged(tmp_path, weights, [(tmp_path / "lora.safetensors", 2.0)], empty), wanted)


DIFFERENCES = {
    "blocks.0.self_attn.q.diff_b": ("blocks.0.self_attn.q.bias", (32,)),
    "blocks.0.cross_attn.norm_k.diff": ("blocks.0.cross_attn.norm_k.weight", (32,)),
    "blocks.1.norm3.diff": ("blocks.1.norm3.weight", (32,)),
    "blocks.1.norm3.diff_b": ("blocks.1.norm3.bias", (32,)),
    "blocks.1.diff_m": ("blocks.1.modulation", (1, 6, 32)),
    "head.diff_m": ("head.modulation", (1, 2, 32)),
    "time_projection.1.diff_b": ("time_projection.1.bias", (192,)),
    "text_embedding.0.diff": ("text_embedding.0.weight", (32, 12)),
}


def differences(path: Path, weights: Weights, strength: float) -> Weights:
    """A file of whole differences; returns what the weights are to become."""
    tensors = {key: torch.randn(shape) for key, (_, shape) in DIFFERENCES.items()}
    save_file({f"diffusion_model.{key}": value for key, value in tensors.items()}, path)
    changed = {name: weights[name] + strength * tensors[key] for key, (name, _) in DIFFERENCES.items()}
    return weights | changed


def test_whole_differences(tmp_path: Path, weights: Weights, empty: WanTransformer) -> None:
    wanted = differences(tmp_path / "lora.safetensors", weights, 0.5)
    assert_close(merged(tmp_path, weights, [(tmp_path / "lora.safetensors", 0.5)], empty), wanted)


def test_a_bias_on_the_up_side_is_scaled_with_it(tmp_path: Path, weights: Weights, empty: WanTransformer) -> None:
    found = {"blocks.0.self_attn.q": factors(weights)["blocks.0.self_attn.q"]}
    tensors = named(found, lambda m: m, "lora_A.weight", "lora_B.weight")
    tensors["blocks.0.self_attn.q.lora_B.bias"] = bias = torch.randn(32)
    tensors["blocks.0.self_attn.q.alpha"] = torch.tensor(6.0)
    save_file(tensors, tmp_path / "lora.safetensors")
    wanted = by_hand(weights, found, 2.0)
    wanted["blocks.0.self_attn.q.bias"] = weights["blocks.0.self_attn.q.bias"] + 2.0 * bias
    assert_close(merged(tmp_path, weights, [(tmp_path / "lora.safetensors", 1.0)], empty), wanted)


def test_merging_rounds_once(tmp_path: Path, weights: Weights, empty: WanTransformer) -> None:
    """Two LoRAs in bf16 weights: the sum is made in fp32."""
    halved = {name: value.bfloat16() for name, value in weights.items()}
    found = factors(weights)
    save_file(named(found, lambda m: m, "lora_A.weight", "lora_B.weight"), tmp_path / "lora.safetensors")
    loras = [(tmp_path / "lora.safetensors", 1e-3)] * 2
    result = merged(tmp_path, halved, loras, empty)
    exact = by_hand({name: value.float() for name, value in halved.items()}, found, 2e-3)
    for name, value in exact.items():
        assert torch.equal(result[name], value.bfloat16()), name


BAD = {
    "dora": ({"blocks.0.self_attn.q.dora_scale": (32,)}, r"dora_scale: only plain LoRA"),
    "lokr": ({"blocks.0.self_attn.q.lokr_w1": (4, 4)}, r"lokr_w1: only plain LoRA"),
    "loha": ({"blocks.0.self_attn.q.hada_w1_a": (4, 4)}, r"hada_w1_a: only plain LoRA"),
    "half": ({"blocks.0.self_attn.q.lora_A.weight": (3, 32)}, r"blocks\.0\.self_attn\.q has down, but no up"),
    "alpha alone": ({"blocks.0.self_attn.q.alpha": (1,)}, r"blocks\.0\.self_attn\.q has alpha, but no down"),
    "ranks": (
        {"blocks.0.self_attn.q.lora_A.weight": (3, 32), "blocks.0.self_attn.q.lora_B.weight": (32, 4)},
        r"down \[3, 32\] and up \[32, 4\] are of different ranks",
    ),
    "text encoder": (
        {"lora_te_layers_0.lora_down.weight": (3, 32), "lora_te_layers_0.lora_up.weight": (32, 3)},
        r"lora_te_layers_0\.lora_down\.weight is for no part of a Wan transformer",
    ),
    "another model": (
        {"lora_unet_down_blocks_0_to_q.lora_down.weight": (3, 32)},
        r"lora_unet_down_blocks_0_to_q\.lora_down\.weight is for no part of a Wan transformer",
    ),
    "a checkpoint": ({"blocks.0.self_attn.q.weight": (32, 32)}, r"is no LoRA, or of an unknown kind: it has blocks\.0"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_applied_is_named(tmp_path: Path, kind: str) -> None:
    shapes, message = BAD[kind]
    save_file({name: torch.ones(shape) for name, shape in shapes.items()}, tmp_path / "lora.safetensors")
    with pytest.raises(ModelError, match=message):
        read_lora(tmp_path / "lora.safetensors")


def test_a_lora_for_what_the_model_has_not(tmp_path: Path, weights: Weights, empty: WanTransformer) -> None:
    pair = {"blocks.7.self_attn.q.lora_A.weight": (3, 32), "blocks.7.self_attn.q.lora_B.weight": (32, 3)}
    save_file({name: torch.ones(shape) for name, shape in pair.items()}, tmp_path / "lora.safetensors")
    with pytest.raises(ModelError, match=r"changes blocks\.7\.self_attn\.q\.weight, which the model has not"):
        merged(tmp_path, weights, [(tmp_path / "lora.safetensors", 1.0)], empty)


def test_a_lora_for_another_size(tmp_path: Path, weights: Weights, empty: WanTransformer) -> None:
    pair = {"blocks.0.self_attn.q.lora_A.weight": (3, 64), "blocks.0.self_attn.q.lora_B.weight": (64, 3)}
    save_file({name: torch.ones(shape) for name, shape in pair.items()}, tmp_path / "lora.safetensors")
    with pytest.raises(ModelError, match=r"as \[64, 64\], which is \[32, 32\] here: it is for a model of another size"):
        merged(tmp_path, weights, [(tmp_path / "lora.safetensors", 1.0)], empty)
    assert all(parameter.is_meta for parameter in empty.parameters())


@pytest.fixture
def scene() -> tuple[Tensor, Tensor]:
    torch.manual_seed(9)
    return torch.randn(1, 4, 2, 4, 4), torch.randn(1, 7, 12)


@pytest.fixture
def two(tmp_path: Path, weights: Weights) -> dict[str, Path]:
    """Two LoRAs: one of pairs, one of pairs, a convolution, a bias and whole differences."""
    paths = {name: tmp_path / f"{name}.safetensors" for name in ("ink", "oil")}
    save_file(named(factors(weights, 1), lambda m: m, "lora_A.weight", "lora_B.weight"), paths["ink"])
    tensors = named(factors(weights, 2), lambda m: m, "lora_A.weight", "lora_B.weight")
    tensors |= {key: torch.randn(shape) * 0.2 for key, (_, shape) in DIFFERENCES.items()}
    tensors["blocks.1.ffn.0.lora_B.bias"] = torch.randn(48)
    tensors["patch_embedding.lora_A.weight"] = torch.randn(RANK, 4, 1, 2, 2)
    tensors["patch_embedding.lora_B.weight"] = torch.randn(32, RANK, 1, 1, 1)
    save_file(tensors, paths["oil"])
    return paths


def test_live_equals_merged_at_every_strength(
    tmp_path: Path,
    weights: Weights,
    model: WanTransformer,
    empty: WanTransformer,
    scene: tuple[Tensor, Tensor],
    two: dict[str, Path],
) -> None:
    plain = run(model, *scene, 500.0)
    live = LiveLoras(model, {name: read_lora(path) for name, path in two.items()}, {"ink": 0.3, "oil": 0.0})
    for ink, oil in ((0.3, 0.0), (0.3, 0.8), (-1.0, 0.25), (0.0, 0.0)):
        live.set("ink", ink)
        live.set("oil", oil)
        merged(tmp_path, weights, [(two["ink"], ink), (two["oil"], oil)], empty)
        torch.testing.assert_close(run(model, *scene, 500.0), run(empty, *scene, 500.0), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(run(model, *scene, 500.0), plain, atol=1e-5, rtol=1e-4)
    assert live.strengths() == {"ink": 0.0, "oil": 0.0}


def test_live_loras_change_what_comes_out(
    model: WanTransformer, scene: tuple[Tensor, Tensor], two: dict[str, Path]
) -> None:
    plain = run(model, *scene, 500.0)
    LiveLoras(model, {"ink": read_lora(two["ink"])}, {"ink": 1.0})
    assert (run(model, *scene, 500.0) - plain).abs().max() > 1e-2


def test_detached_the_model_is_as_it_was(
    weights: Weights, model: WanTransformer, scene: tuple[Tensor, Tensor], two: dict[str, Path]
) -> None:
    plain = run(model, *scene, 500.0)
    live = LiveLoras(model, {"oil": read_lora(two["oil"])}, {"oil": 1.0})
    assert set(model.state_dict()) == set(weights)
    live.detach()
    assert torch.equal(run(model, *scene, 500.0), plain)


def test_strengths_change_without_a_new_graph(model: WanTransformer, two: dict[str, Path]) -> None:
    live = LiveLoras(model, {name: read_lora(path) for name, path in two.items()}, {"ink": 0.0, "oil": 0.0})
    layer = model.get_submodule("blocks.1.ffn.0")
    counter = CompileCounter()
    compiled = torch.compile(layer, backend=counter, fullgraph=True)
    x = torch.randn(5, 32)
    plain = compiled(x)
    for strength in (1.0, -0.5):
        live.set("ink", strength)
        live.set("oil", strength)  # has a bias, which is changed in place
        changed = compiled(x)
        assert (changed - plain).abs().max() > 1e-2
        torch.testing.assert_close(changed, layer(x), atol=1e-5, rtol=1e-4)
    assert counter.frame_count == 1


def test_live_refuses_what_does_not_fit_and_changes_nothing(
    model: WanTransformer, weights: Weights, two: dict[str, Path], scene: tuple[Tensor, Tensor]
) -> None:
    small = WanTransformer(Architecture(16, 24, 1, 2, 12, 7, 4, 4, 16))
    with pytest.raises(ModelError, match="it is for a model of another size"):
        LiveLoras(small, {"ink": read_lora(two["ink"])}, {"ink": 1.0})
    assert all(type(module).__name__ != "LiveLinear" for module in small.modules())
    live = LiveLoras(model, {"ink": read_lora(two["ink"])}, {"ink": 1.0})
    with pytest.raises(KeyError):
        live.set("oil", 1.0)
