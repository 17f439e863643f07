"""Proof of the transformer's numerics: golden files in, one JSON document out."""

import json
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from livegraph_wan.attention import RollingCache
from livegraph_wan.grid import PATCH
from livegraph_wan.model import WanTransformer
from livegraph_wan.profile import Architecture
from livegraph_wan.rope import RopeTable
from livegraph_wan.window import Window

TOLERANCES = {"fp32": ("max_abs", 1e-5), "bf16": ("rel_l2", 2e-2)}
"""Per dtype, which error counts and how large it may be."""
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}

Document = dict[str, object]


def verify(files: Iterable[Path], dtype: str = "fp32") -> Document:
    """Run the golden `files` through the torch backend.

    Returns `{"backend", "dtype", "files": {path: {"causal" | "rolling": {"max_abs", "rel_l2"}}}}`.
    """
    results = {str(path): _verify_file(path, DTYPES[dtype]) for path in files}
    return {"backend": "torch", "dtype": dtype, "files": results}


def passes(document: Document) -> bool:
    """Whether every figure of a `verify` document keeps its tolerance."""
    measure, limit = TOLERANCES[str(document["dtype"])]
    files = document["files"]
    assert isinstance(files, dict)
    return all(errors[measure] <= limit for checks in files.values() for errors in checks.values())


@torch.inference_mode()
def _verify_file(path: Path, dtype: torch.dtype) -> dict[str, dict[str, float]]:
    with safe_open(path, "pt") as file:
        config = json.loads(file.metadata()["config"])
        tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    known = {field.name for field in fields(Architecture)}
    model = WanTransformer(Architecture(**{k: v for k, v in config.items() if k in known}))
    model.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("model.")})
    model = model.to(dtype).eval()
    windows = {
        "causal": tensors["golden.latents"].shape[2],
        "rolling": config["rolling_window_frames"],
    }
    return {
        name: _errors(_run(model, tensors, config["frames_per_block"], window), tensors[f"golden.{name}"])
        for name, window in windows.items()
    }


def _run(model: WanTransformer, tensors: dict[str, Tensor], block: int, window: int) -> Tensor:
    latents, timesteps = tensors["golden.latents"], tensors["golden.timesteps"]
    height, width = latents.shape[3] // PATCH, latents.shape[4] // PATCH
    config = model.config
    cache = RollingCache(
        RopeTable(config.head_dim, height, width, latents.device),
        [Window(window, block=block, mode="relative")],
        layers=config.num_layers,
        tokens=height * width,
        heads=config.num_heads,
        head_dim=config.head_dim,
        device=latents.device,
        dtype=model.dtype,
    )
    prompt = model.read_prompt(tensors["golden.context"])
    outputs = []
    for part, times in zip(torch.split(latents, block, 2), torch.split(timesteps, block, 1), strict=True):
        cache.begin_block()
        outputs.append(model(part, times, prompt, cache).float())
    return torch.cat(outputs, 2)


def _errors(got: Tensor, wanted: Tensor) -> dict[str, float]:
    difference = got - wanted
    return {
        "max_abs": difference.abs().max().item(),
        "rel_l2": (difference.norm() / wanted.norm()).item(),
    }
