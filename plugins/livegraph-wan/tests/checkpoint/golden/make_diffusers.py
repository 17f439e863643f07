"""Makes `diffusers_tiny.safetensors` and `diffusers_names.json` with diffusers' WanTransformer3DModel.

    pip install diffusers && python plugins/livegraph-wan/tests/checkpoint/golden/make_diffusers.py

The first is a tiny random transformer under diffusers' names, with an input and its output (fp32, CPU): who reads the
names wrongly, or swaps `norm2` and `norm3`, gets another output. The second is every name and shape of a text-to-video
and of an image-to-video model. The tests read both, and do not need diffusers.
"""

import json
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers import WanTransformer3DModel
from safetensors.torch import save_file

HERE = Path(__file__).parent
TINY: dict[str, Any] = {
    "num_attention_heads": 2,
    "attention_head_dim": 16,
    "in_channels": 4,
    "out_channels": 4,
    "text_dim": 12,
    "freq_dim": 16,
    "ffn_dim": 48,
    "num_layers": 2,
    "rope_max_seq_len": 64,
}
IMAGE: dict[str, Any] = {"in_channels": 9, "image_dim": 20, "added_kv_proj_dim": 32}


def main() -> None:
    torch.manual_seed(5)
    model = WanTransformer3DModel(**TINY).eval()
    for parameter in model.parameters():  # ones and zeros would hide a swapped norm
        torch.nn.init.normal_(parameter, std=0.2)
    latents, text = torch.randn(1, 4, 3, 8, 6), torch.randn(1, 7, 12)
    with torch.inference_mode():
        output = model(latents, torch.tensor([640.0]), text, return_dict=False)[0]
    tensors = {**model.state_dict(), "golden.latents": latents, "golden.text": text, "golden.output": output}
    metadata = {"diffusers": diffusers.__version__, "config": json.dumps(TINY), "timestep": "640"}
    save_file(tensors, HERE / "diffusers_tiny.safetensors", metadata)
    image = WanTransformer3DModel(**(TINY | IMAGE))
    names = {
        kind: {name: list(value.shape) for name, value in made.state_dict().items()}
        for kind, made in (("text", model), ("image", image))
    }
    (HERE / "diffusers_names.json").write_text(json.dumps({"diffusers": diffusers.__version__, **names}, indent=1))


if __name__ == "__main__":
    main()
