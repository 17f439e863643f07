"""The image encoder, from every layout that it is published in, against transformers' own."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModel

from livegraph import ModelError
from livegraph_wan.clip import KEPT, ClipVision, prepared

SIDE, WIDTH, LAYERS = 28, 160, 3
STILL = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
Weights = dict[str, Tensor]


@pytest.fixture(scope="module")
def theirs() -> CLIPVisionModel:
    """A small ViT of CLIP's, with heads as wide as ViT-H's."""
    torch.manual_seed(1)
    config = CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        image_size=SIDE,
        patch_size=14,
        hidden_act="gelu",
    )
    model = CLIPVisionModel(config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return model


@pytest.fixture(scope="module")
def expected(theirs: CLIPVisionModel) -> Tensor:
    """What diffusers' pipeline takes: the hidden states before the last layer."""
    size = {"height": SIDE, "width": SIDE}
    pixels = CLIPImageProcessor(size=size, crop_size=size)(STILL, return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        features: Tensor = theirs(pixels, output_hidden_states=True).hidden_states[-2]
    return features


@pytest.fixture(scope="module")
def weights(theirs: CLIPVisionModel) -> Weights:
    """By the names that are published, whatever this version of transformers calls them."""
    return {f"vision_model.{name.removeprefix('vision_model.')}": w for name, w in theirs.state_dict().items()}


def as_diffusers(weights: Weights, theirs: CLIPVisionModel, folder: Path) -> Path:
    (folder / "image_encoder").mkdir()
    save_file(weights, folder / "image_encoder" / "model.safetensors")
    (folder / "image_encoder" / "config.json").write_text(json.dumps(theirs.config.to_dict()))
    return folder


def as_comfy(weights: Weights, folder: Path) -> Path:
    save_file({**weights, "visual_projection.weight": torch.ones(8, WIDTH)}, folder / "clip_vision_h.safetensors")
    return folder


def as_wan(weights: Weights, folder: Path) -> Path:
    """open-clip's layout with Wan's names, and a text half; see `wan/modules/clip.py`."""
    given = {name.removeprefix("vision_model."): weight for name, weight in weights.items()}
    made = {
        "visual.cls_embedding": given["embeddings.class_embedding"].view(1, 1, -1),
        "visual.pos_embedding": given["embeddings.position_embedding.weight"][None],
        "visual.patch_embedding.weight": given["embeddings.patch_embedding.weight"],
        "visual.head": torch.ones(WIDTH, 8),
        "textual.token_embedding.weight": torch.ones(3, 4),
        "log_scale": torch.tensor(1.0),
    }
    for leaf in ("weight", "bias"):
        made[f"visual.pre_norm.{leaf}"] = given[f"pre_layrnorm.{leaf}"]
        made[f"visual.post_norm.{leaf}"] = given[f"post_layernorm.{leaf}"]
        for number in range(LAYERS):
            layer, theirs = f"visual.transformer.{number}", f"encoder.layers.{number}"
            made[f"{layer}.attn.to_qkv.{leaf}"] = torch.cat(
                [given[f"{theirs}.self_attn.{which}_proj.{leaf}"] for which in "qkv"]
            )
            made[f"{layer}.attn.proj.{leaf}"] = given[f"{theirs}.self_attn.out_proj.{leaf}"]
            made[f"{layer}.mlp.0.{leaf}"] = given[f"{theirs}.mlp.fc1.{leaf}"]
            made[f"{layer}.mlp.2.{leaf}"] = given[f"{theirs}.mlp.fc2.{leaf}"]
            made[f"{layer}.norm1.{leaf}"] = given[f"{theirs}.layer_norm1.{leaf}"]
            made[f"{layer}.norm2.{leaf}"] = given[f"{theirs}.layer_norm2.{leaf}"]
    path = folder / "models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth"
    torch.save(made, path)
    return path


def read(path: Path) -> Tensor:
    return ClipVision(path, torch.device("cpu"), torch.float32).read(STILL)


def test_every_layout_says_the_same(
    weights: Weights, theirs: CLIPVisionModel, expected: Tensor, tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("diffusers", "comfy", "wan")]
    for folder in folders:
        folder.mkdir()
    paths = [as_diffusers(weights, theirs, folders[0]), as_comfy(weights, folders[1]), as_wan(weights, folders[2])]
    assert expected.shape == (1, 5, WIDTH)
    assert expected.std() > 0.1
    for path in paths:
        torch.testing.assert_close(read(path), expected, atol=1e-5, rtol=0)


def test_a_still_of_any_shape_is_squeezed_into_a_square() -> None:
    wide = np.zeros((40, 120, 3), np.uint8)
    wide[:, 60:] = 255
    pixels = prepared(wide, SIDE)
    assert pixels.shape == (1, 3, SIDE, SIDE)
    left, right = pixels[..., :12], pixels[..., 16:]
    assert (left - left.mean((2, 3), keepdim=True)).abs().max() < 1e-5
    assert (right - left.mean((2, 3), keepdim=True)).min() > 3


def test_the_last_few_stills_are_remembered(weights: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = ClipVision(as_comfy(weights, tmp_path), torch.device("cpu"), torch.float32)
    stills = [np.full((SIDE, SIDE, 3), n, np.uint8) for n in range(KEPT + 1)]
    first = clip.read(stills[0])
    assert clip.read(stills[0].copy()) is first
    for still in stills:
        clip.read(still)
    assert clip.read(stills[0]) is not first


def test_a_foreign_or_cut_file_is_named(weights: Weights, tmp_path: Path) -> None:
    foreign, cut = tmp_path / "foreign.safetensors", tmp_path / "cut.safetensors"
    save_file({"something": torch.ones(1)}, foreign)
    save_file({name: w for name, w in weights.items() if "layers.1.mlp.fc2" not in name}, cut)
    with pytest.raises(ModelError, match=r"foreign\.safetensors is no CLIP vision model"):
        read(foreign)
    with pytest.raises(ModelError, match=r"cut\.safetensors lacks 2 weights .*layers\.1\.mlp\.fc2\.bias"):
        read(cut)
