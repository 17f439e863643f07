"""wan-nano as one module: text encoder, transformer and VAE, and how they are put together."""

from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from livegraph_wan.attention import Memory
from livegraph_wan.model import Prompt, WanTransformer
from livegraph_wan.nano.preconditioning import precondition
from livegraph_wan.nano.text import NanoText
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.profile import WAN_NANO, Architecture
from livegraph_wan.wan import Wan

ARCHITECTURE = WAN_NANO.architecture
"""Sizes of the transformer, where weights do not say otherwise."""


class NanoWan(Wan):
    """The whole small model: it sees the source beside the noise, and its transformer is preconditioned."""

    sees_source = True
    text: NanoText
    vae: NanoVAE

    def __init__(self, architecture: Architecture = ARCHITECTURE) -> None:
        super().__init__(WanTransformer(architecture), NanoVAE(), NanoText())
        self.vae.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def velocity(
        self, latents: Tensor, beside: Tensor | None, timesteps: Tensor, prompt: Prompt, memory: Memory
    ) -> Tensor:
        """`noise - clean` for `latents` `[B, 16, F, H, W]`, given the source's latents; see `precondition`."""
        assert beside is not None
        sigma = (timesteps / 1000)[:, None, :, None, None].to(torch.float32)
        by = precondition(sigma)
        inputs = torch.cat([latents * by.scale, beside], 1)
        out: Tensor = self.transformer(inputs, timesteps, prompt, memory)
        velocity: Tensor = by.velocity(latents, out.float(), sigma)
        return velocity


SHIPPED = Path(__file__).parent / "weights"
"""The weights that come with the plugin, bf16."""
TRANSFORMER_FILE, VAE_FILE = "wan-nano.safetensors", "vae.safetensors"
"""What a folder of weights holds: text encoder and transformer in one file, the VAE in the other."""


def load_nano(folder: Path = SHIPPED) -> NanoWan:
    """A trained wan-nano in fp32 on the CPU; a missing or surplus weight is an error that names it."""
    weights = read_weights(folder)
    model = NanoWan(architecture_of(weights))
    model.load_state_dict(weights)
    return model.eval()


def architecture_of(weights: dict[str, Tensor]) -> Architecture:
    """How many blocks a wan-nano has, and how wide their feed-forward layers are, by its weights."""
    hidden = [value.shape[0] for name, value in weights.items() if name.endswith("ffn.0.bias")]
    return replace(ARCHITECTURE, num_layers=len(hidden), ffn_dim=max(hidden, default=0))


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Weights as `save_nano` wrote them, under the names of `NanoWan`."""
    vae = load_file(folder / VAE_FILE)
    return {**load_file(folder / TRANSFORMER_FILE), **{f"vae.{name}": value for name, value in vae.items()}}


def save_nano(model: NanoWan, folder: Path) -> None:
    """Write both files in bf16, each whole or not at all."""
    state = {name: value.bfloat16().contiguous().cpu() for name, value in model.state_dict().items()}
    vae = {name.removeprefix("vae."): value for name, value in state.items() if name.startswith("vae.")}
    write_whole(vae, folder / VAE_FILE)
    write_whole({k: v for k, v in state.items() if not k.startswith("vae.")}, folder / TRANSFORMER_FILE)


def write_whole(tensors: dict[str, Tensor], path: Path) -> None:
    """A safetensors file that is never seen half written."""
    partial = path.with_suffix(".part")
    save_file(tensors, partial)
    partial.replace(path)
