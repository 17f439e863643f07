"""Golden files: a tiny model's weights, inputs, and what the public Self-Forcing model makes of them."""

import json
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from livegraph_wan.profile import Architecture

Numbers = NDArray[np.float32]

CHECKS = ("causal", "rolling")
"""All frames kept, and the last ones only."""


class Golden(NamedTuple):
    """One file."""

    architecture: Architecture
    weights: dict[str, Numbers]
    """By their original names."""
    block: int
    """Frames per pass."""
    windows: dict[str, int]
    """Frames attended to, per check."""
    latents: Numbers
    """`[1, 16, F, H, W]`."""
    context: Numbers
    """`[1, L, text_dim]`."""
    timesteps: Numbers
    """`[1, F]`, 0..1000."""
    outputs: dict[str, Numbers]
    """What is right, `[1, 16, F, H, W]`, per check."""


def read(path: Path) -> Golden:
    """ValueError where it is no such file."""
    try:
        with safe_open(path, "np") as file:
            config = json.loads(file.metadata()["config"])
            tensors: dict[str, Numbers] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dict)
        known = {field.name for field in fields(Architecture)}
        latents = tensors["golden.latents"]
        return Golden(
            Architecture(**{name: value for name, value in config.items() if name in known}),
            {name.removeprefix("model."): value for name, value in tensors.items() if name.startswith("model.")},
            config["frames_per_block"],
            {"causal": latents.shape[2], "rolling": config["rolling_window_frames"]},
            latents,
            tensors["golden.context"],
            tensors["golden.timesteps"],
            {check: tensors[f"golden.{check}"] for check in CHECKS},
        )
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no golden file: {error}") from None
