"""Tiny models where `livegraph models pull` would put them, and nodes as the runtime makes them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from livegraph import Context, Node
from livegraph_wan import load as loading
from livegraph_wan.model import WanTransformer
from livegraph_wan.profile import PROFILES, Architecture
from livegraph_wan.vae.taehv import TAEHV

TINY = Architecture(dim=48, ffn_dim=96, num_layers=2, num_heads=2, text_dim=16, text_len=8, freq_dim=32)
Build = Callable[..., Any]


class NoClock:
    def now_ns(self) -> int:
        return 0


def lively(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Random weights by which what comes out depends on what goes in."""
    for parameter in module.parameters():
        if parameter.dim() > 1:
            torch.nn.init.kaiming_normal_(parameter)
    return module.state_dict()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def build(said: list[str]) -> Iterator[Build]:
    """Make a node of a class with parameters, set up and warm."""
    made: list[Node] = []

    def make(cls: type[Node], *, mode: str = "offline", **params: Any) -> Any:
        chosen = cls.Params(**{"backend": "torch-cpu", "dtype": "fp32", **params})
        node = cls(chosen, Context("wan", mode, NoClock(), say=said.append))  # type: ignore[arg-type]
        made.append(node)
        node.setup()
        node.warm_up()
        return node

    yield make
    for node in made:
        node.teardown()


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umt5: Path) -> dict[str, Path]:
    """What was pulled: by name, the folder that it lies in."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = {"umt5-xxl": umt5}
    monkeypatch.setattr(loading, "require_model", found.__getitem__)
    monkeypatch.setattr("livegraph_wan.choice.find_model", found.get)
    return found


@pytest.fixture
def self_forcing(folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A causal model as its authors publish it, and TAEHV; pictures of 64x32."""
    name = "self-forcing-1.3b"
    small = replace(PROFILES[name], architecture=TINY, window=6, size=(64, 32))
    monkeypatch.setitem(PROFILES, name, small)
    for model in (name, "taew2_1"):
        folders[model] = tmp_path / model
        folders[model].mkdir()
    torch.manual_seed(1)
    weights = {f"model.{key}": value for key, value in lively(WanTransformer(TINY)).items()}
    torch.save({"generator_ema": weights}, folders[name] / "self_forcing_dmd.pt")
    torch.save(lively(TAEHV()), folders["taew2_1"] / "taew2_1.pth")
    return name


@pytest.fixture
def image_to_video(folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model with the image branch: transformer and CLIP as ComfyUI repackages them, the LoRA beside, and TAEHV."""
    from transformers import CLIPVisionConfig, CLIPVisionModel

    name = "wan2.1-i2v-14b-480p"
    architecture = replace(TINY, in_dim=36, image_dim=80)
    small = replace(PROFILES[name], architecture=architecture, frames_per_block=3, window=3, vae="taehv", size=(64, 32))
    monkeypatch.setitem(PROFILES, name, small)
    for model in (name, "taew2_1", "wan2.1-clip"):
        folders[model] = tmp_path / model
        folders[model].mkdir()
    torch.manual_seed(2)
    save_file(lively(WanTransformer(architecture)), folders[name] / "wan2.1_i2v_480p_14B_fp16.safetensors")
    factors = {"lora_A": torch.randn(2, 48), "lora_B": torch.randn(48, 2)}
    lora = {f"diffusion_model.blocks.0.cross_attn.k_img.{side}.weight": factor for side, factor in factors.items()}
    save_file(lora, folders[name] / "lora.safetensors")
    torch.save(lively(TAEHV()), folders["taew2_1"] / "taew2_1.pth")
    clip = CLIPVisionModel(
        CLIPVisionConfig(
            hidden_size=80,
            intermediate_size=160,
            num_hidden_layers=2,
            num_attention_heads=1,
            image_size=28,
            patch_size=14,
            hidden_act="gelu",
        )
    )
    weights = {f"vision_model.{key.removeprefix('vision_model.')}": value for key, value in clip.state_dict().items()}
    save_file(weights, folders["wan2.1-clip"] / "clip_vision_h.safetensors")
    return name
