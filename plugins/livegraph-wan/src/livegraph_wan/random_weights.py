"""A model of its true size with random numbers for weights: what it costs can be measured without what it learnt."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from livegraph_wan.model import WanTransformer
from livegraph_wan.nano.model import NanoWan
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.profile import Profile, VaeName
from livegraph_wan.random_text import RandomText
from livegraph_wan.vae.base import channels_last
from livegraph_wan.vae.scale import SourceScale
from livegraph_wan.vae.taehv import TAEHV
from livegraph_wan.vae.wan import WanVAE
from livegraph_wan.wan import Wan


class Text(RandomText):
    """As torch reads it."""

    def read(self, prompt: str) -> Tensor:
        return torch.from_numpy(self.embedding(prompt))


def random_wan(profile: Profile, vae: VaeName, device: torch.device, dtype: torch.dtype) -> Wan:
    """`profile`'s transformer, made in `dtype` on the device, where it takes no more than its own size; and a VAE.

    Scaled so that what comes out stays of the size of what goes in, however deep the model is.
    """
    if vae == "nano":
        return NanoWan(profile.architecture).to(device, dtype).eval()
    with torch.device("meta"):
        transformer = WanTransformer(profile.architecture)
    fill(transformer.to(dtype).to_empty(device=device))
    with torch.device(device):
        made = channels_last(make_vae(profile, vae).to(dtype).eval())
    return Wan(transformer.eval(), made, Text(profile.architecture))


def make_vae(profile: Profile, name: VaeName) -> NanoVAE | TAEHV | WanVAE:
    """As it is made, with torch's own random numbers."""
    source: SourceScale = "normalised" if profile.normalised else "raw"
    match name:
        case "nano":
            return NanoVAE()
        case "taehv":
            return TAEHV(source=source)
        case "wan":
            return WanVAE(source=source)


def fill(module: nn.Module) -> None:
    """Matrices of variance 1 / inputs, gains of 1, no biases."""
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if weight.ndim > 1:
                weight.normal_(0, weight[0].numel() ** -0.5 if "modulation" not in name else weight.shape[-1] ** -0.5)
            else:
                weight.fill_(0.0 if name.endswith("bias") else 1.0)
