"""What moves the weights of wan-nano, and how fast."""

import math

import torch
from torch.optim import Optimizer

from livegraph_wan.nano.model import NanoWan

MUON_RATE, ADAM_RATE, DECODER_RATE = 4e-3, 1e-3, 5e-4
"""Highest learning rates."""
WARM_RATE = 0.5
"""Of these rates, where training starts from weights."""


def make_optimizers(model: NanoWan, scale: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside blocks, AdamW for the rest; `scale` is of all rates."""
    matrices = [p for p in model.transformer.blocks.parameters() if p.ndim == 2]
    decoder = model.vae.decoder_parameters()
    chosen = {id(p) for p in [*matrices, *decoder]}
    rest = [p for p in model.parameters() if p.requires_grad and id(p) not in chosen]
    muon = torch.optim.Muon(matrices, MUON_RATE, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
    groups = [{"params": rest, "peak": scale * ADAM_RATE}, {"params": decoder, "peak": scale * DECODER_RATE}]
    muon.param_groups[0]["peak"] = scale * MUON_RATE
    return [muon, torch.optim.AdamW(groups, ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.01)]


def set_rates(optimizers: list[Optimizer], step: int, part: float) -> None:
    """Warm-up over 100 steps, then a cosine over the time that is left, times each group's `peak`."""
    factor = min(1, (step + 1) / 100) * (0.01 + 0.99 * math.cos(part * math.pi / 2) ** 2)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * factor
