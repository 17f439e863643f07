"""wan-nano as one module: text encoder, transformer and VAE, and how they are put together."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from livegraph_wan.attention import Memory
from livegraph_wan.model import Architecture, Prompt, WanTransformer
from livegraph_wan.nano.text import WIDTH, WORDS, NanoText
from livegraph_wan.nano.vae import CHANNELS, NanoVAE

ARCHITECTURE = Architecture(
    dim=192,
    ffn_dim=768,
    num_layers=6,
    num_heads=3,
    text_dim=WIDTH,
    text_len=WORDS,
    in_dim=2 * CHANNELS,
    out_dim=CHANNELS,
)


class NanoWan(nn.Module):
    """The whole small model; `velocity` is what a sampler needs."""

    def __init__(self) -> None:
        super().__init__()
        self.text = NanoText()
        self.transformer = WanTransformer(ARCHITECTURE)
        self.vae = NanoVAE()

    def velocity(self, latents: Tensor, source: Tensor, timesteps: Tensor, prompt: Prompt, memory: Memory) -> Tensor:
        """`noise - clean` for `latents` `[B, 16, F, H, W]`, given the source's latents.

        The network is preconditioned so that inputs and targets keep unit variance at every
        sigma `s` (Karras et al. 2022, for the path `x = (1-s) clean + s noise`): with
        `q = (1-s)^2 + s^2`, `clean = (1-s)/q x + s/sqrt(q) out`. Solved for the velocity
        `(x - clean) / s` that is `(2s-1)/q x - out/sqrt(q)`, which is finite at 0 too.
        """
        s = (timesteps / 1000)[:, None, :, None, None].to(torch.float32)
        q = (1 - s) ** 2 + s**2
        inputs = torch.cat([latents / q.sqrt(), source], 1)
        out: Tensor = self.transformer(inputs, timesteps, prompt, memory)
        return torch.sub((2 * s - 1) / q * latents, out.float() / q.sqrt())


SHIPPED = Path(__file__).parent / "weights" / "wan-nano.safetensors"
"""The weights that come with the plugin, bf16."""


def load_nano(path: Path = SHIPPED) -> NanoWan:
    """A trained wan-nano in fp32 on the CPU; a missing or surplus weight is an error that names it."""
    model = NanoWan()
    model.load_state_dict(load_file(path))
    return model.eval()
