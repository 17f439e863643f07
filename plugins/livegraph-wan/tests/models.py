"""Tiny whole models, and what a show does with a stream of one."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from livegraph_wan.engine import Engine
from livegraph_wan.model import WanTransformer
from livegraph_wan.nano.text import NanoText
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.profile import Architecture, Profile
from livegraph_wan.vae.base import StreamingVAE
from livegraph_wan.vae.taehv import TAEHV
from livegraph_wan.vae.wan import VAEArchitecture, WanVAE
from livegraph_wan.wan import Wan

TINY = Architecture(dim=48, ffn_dim=96, num_layers=3, num_heads=2, text_dim=64, text_len=16, freq_dim=32)
PROFILE = Profile("tiny", TINY, (900, 600, 300), shift=3.0, frames_per_block=1, window=3, steps=2)
ADAPTIVE = replace(PROFILE, sink=1, sink_threshold=0.9, motion_aware=True)
VAES: dict[str, Callable[[], StreamingVAE]] = {
    "nano": NanoVAE,
    "taehv": TAEHV,
    "wan": lambda: WanVAE(VAEArchitecture(base_dim=8)),
}


def make_model(vae: str = "nano") -> Wan:
    """The same random weights at every call, none of them zero."""
    torch.manual_seed(5)
    model = Wan(WanTransformer(TINY), VAES[vae](), NanoText()).eval()
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.05)
    return model


def show(engine: Engine, *, chunks: int = 12) -> np.ndarray:
    """All that may happen on a stage: the window fills and wraps, the prompt changes at once and bit by bit, the number
    of steps and the strength change; then the stream ends.
    """
    rng = np.random.default_rng(1)
    engine.set_prompt("oil")
    out = []
    for number in range(chunks):
        if number == 6:
            engine.set_prompt("ink")
        if number == 9:
            engine.set_prompt("thermal", chunks=2)
        frames = rng.integers(0, 256, (engine.frames, 32, 48, 3), dtype=np.uint8)
        out.append(engine.step(frames, steps=1 + number % 2, noise_scale=0.6 + 0.03 * number))
    return np.concatenate([*out, *engine.flush()])
