"""wan-nano as one module: text encoder, transformer and VAE, and how they are put together."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from livegraph_wan.attention import Memory
from livegraph_wan.model import Prompt, WanTransformer
from livegraph_wan.nano.text import NanoText
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.profile import WAN_NANO
from livegraph_wan.wan import Wan

ARCHITECTURE = WAN_NANO.architecture


class NanoWan(Wan):
    """The whole small model: it sees the source beside the noise, and its transformer is preconditioned."""

    sees_source = True
    text: NanoText
    vae: NanoVAE

    def __init__(self) -> None:
        super().__init__(WanTransformer(ARCHITECTURE), NanoVAE(), NanoText())
        self.vae.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def velocity(
        self, latents: Tensor, beside: Tensor | None, timesteps: Tensor, prompt: Prompt, memory: Memory
    ) -> Tensor:
        """`noise - clean` for `latents` `[B, 16, F, H, W]`, given the source's latents.

        The network is preconditioned so that inputs and targets keep unit variance at every
        sigma `s` (Karras et al. 2022, for the path `x = (1-s) clean + s noise`): with
        `q = (1-s)^2 + s^2`, `clean = (1-s)/q x + s/sqrt(q) out`. Solved for the velocity
        `(x - clean) / s` that is `(2s-1)/q x - out/sqrt(q)`, which is finite at 0 too.
        """
        s = (timesteps / 1000)[:, None, :, None, None].to(torch.float32)
        q = (1 - s) ** 2 + s**2
        assert beside is not None
        inputs = torch.cat([latents / q.sqrt(), beside], 1)
        out: Tensor = self.transformer(inputs, timesteps, prompt, memory)
        return torch.sub((2 * s - 1) / q * latents, out.float() / q.sqrt())


SHIPPED = Path(__file__).parent / "weights" / "wan-nano.safetensors"
"""The weights that come with the plugin, bf16."""


def load_nano(path: Path = SHIPPED) -> NanoWan:
    """A trained wan-nano in fp32 on the CPU; a missing or surplus weight is an error that names it."""
    model = NanoWan()
    model.load_state_dict(load_file(path))
    return model.eval()
