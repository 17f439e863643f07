"""Names in both layouts, against a table that diffusers wrote, and the output of a model that has them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from checkpoint_support import TINY, run
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from livegraph_wan.checkpoint import fill, open_transformer
from livegraph_wan.checkpoint.names import layout_of, to_diffusers, to_original, unflatten
from livegraph_wan.model import WanTransformer

GOLDEN = Path(__file__).parent / "golden"
TABLE = json.loads((GOLDEN / "diffusers_names.json").read_text())

ATTENTION = ("q", "k", "v", "o", "norm_q", "norm_k")


def originals(image: bool) -> set[str]:
    """Every name of an original checkpoint with two layers, spelt out from the published ones."""
    modules = [f"{kind}.{n}" for kind in ("text_embedding", "time_embedding") for n in (0, 2)]
    modules += ["patch_embedding", "time_projection.1", "head.head"]
    modules += [f"img_emb.proj.{n}" for n in (0, 1, 3, 4)] if image else []
    cross = (*ATTENTION, "k_img", "v_img", "norm_k_img") if image else ATTENTION
    for n in range(2):
        modules += [f"blocks.{n}.self_attn.{part}" for part in ATTENTION]
        modules += [f"blocks.{n}.cross_attn.{part}" for part in cross]
        modules += [f"blocks.{n}.norm3", f"blocks.{n}.ffn.0", f"blocks.{n}.ffn.2"]
    bare = {"head.modulation", "blocks.0.modulation", "blocks.1.modulation"}
    rms = ("norm_q", "norm_k", "norm_k_img")  # RMSNorm has no bias
    return bare | {
        f"{m}.{leaf}" for m in modules for leaf in ("weight", "bias") if leaf == "weight" or not m.endswith(rms)
    }


@pytest.mark.parametrize("kind", ["text", "image"])
def test_every_name_of_diffusers_has_one_original_and_back(kind: str) -> None:
    theirs = set(TABLE[kind])
    ours = {to_original(name) for name in theirs}
    assert ours == originals(kind == "image")
    assert {to_diffusers(name) for name in ours} == theirs
    assert all(to_diffusers(to_original(name)) == name for name in theirs)


def test_the_names_are_our_models_own() -> None:
    with torch.device("meta"):
        assert set(WanTransformer(TINY).state_dict()) == originals(image=False)


def test_norm_2_and_norm_3_swap() -> None:
    assert to_diffusers("blocks.7.norm3.weight") == "blocks.7.norm2.weight"
    assert to_original("blocks.7.norm2.bias") == "blocks.7.norm3.bias"


@pytest.mark.parametrize(
    "name",
    ["blocks.0", "blocks.0.self_attn", "blocks.0.modulation.weight", "head.modulation.bias", "freqs", "q.weight"],
)
def test_a_name_that_is_none(name: str) -> None:
    for translate in (to_diffusers, to_original):
        with pytest.raises(KeyError):
            translate(name)


@pytest.mark.parametrize(
    ("flat", "module"),
    [
        ("blocks_0_cross_attn_k", "blocks.0.cross_attn.k"),
        ("blocks_12_cross_attn_k_img", "blocks.12.cross_attn.k_img"),
        ("blocks_3_self_attn_norm_q", "blocks.3.self_attn.norm_q"),
        ("blocks_39_ffn_2", "blocks.39.ffn.2"),
        ("blocks_1_attn1_to_out_0", "blocks.1.self_attn.o"),
        ("blocks_1_ffn_net_0_proj", "blocks.1.ffn.0"),
        ("text_embedding_2", "text_embedding.2"),
        ("time_projection_1", "time_projection.1"),
        ("head_head", "head.head"),
        ("condition_embedder_time_proj", "time_projection.1"),
    ],
)
def test_flat_names_find_their_dots(flat: str, module: str) -> None:
    assert unflatten(flat) == module


def test_layouts_are_told_apart() -> None:
    assert layout_of(TABLE["text"]) == layout_of(["blocks.0.attn2.to_q"]) == "diffusers"
    assert layout_of(originals(image=True)) == "original"


def test_diffusers_output_from_diffusers_weights(tmp_path: Path, empty: WanTransformer) -> None:
    golden = load_file(GOLDEN / "diffusers_tiny.safetensors")
    with safe_open(GOLDEN / "diffusers_tiny.safetensors", "pt") as file:
        timestep = float(file.metadata()["timestep"])
    path = tmp_path / "diffusion_pytorch_model.safetensors"
    save_file({name: value for name, value in golden.items() if not name.startswith("golden.")}, path)
    fill(empty, open_transformer(path))
    output = run(empty, golden["golden.latents"], golden["golden.text"], timestep)
    assert (output - golden["golden.output"]).abs().max() < 1e-5
