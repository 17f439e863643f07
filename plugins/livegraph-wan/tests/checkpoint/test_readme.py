"""The README's way of loading a model with LoRAs works as it stands there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from livegraph_wan.checkpoint.live import LiveLinear
from livegraph_wan.model import Architecture, WanTransformer

README = Path(__file__).parents[2] / "README.md"
ONE_HEAD = Architecture(128, 64, 1, 1, 12, 512, 16, 16, 256)


def test_load_and_live(tmp_path: Path) -> None:
    (block,) = [text for text in README.read_text().split("```python\n") if "def load(" in text.partition("```")[0]]
    example: dict[str, Any] = {}
    exec(block.partition("```")[0], example)
    weights = WanTransformer(ONE_HEAD).state_dict()
    torch.save({"generator": {f"model.{name}": value for name, value in weights.items()}}, tmp_path / "model.pt")
    name = "blocks.0.self_attn.q"
    pair = {f"{name}.lora_A.weight": torch.ones(1, 128), f"{name}.lora_B.weight": torch.ones(128, 1)}
    save_file(pair, tmp_path / "lora.safetensors")
    model = example["load"](tmp_path / "model.pt", [(tmp_path / "lora.safetensors", 2.0)], device="cpu")
    assert model.config == ONE_HEAD
    assert torch.equal(model.get_parameter(f"{name}.weight"), (weights[f"{name}.weight"] + 2).bfloat16())
    assert example["live"](model, tmp_path / "lora.safetensors").strengths() == {"ink": 0.8}
    assert isinstance(model.get_submodule(name), LiveLinear)
