"""What training minimises: errors of latents, and of the pixels that they decode to."""

import torch
from torch import Generator, Tensor

from livegraph_wan.attention import DenseMemory, block_causal_mask
from livegraph_wan.grid import PATCH
from livegraph_wan.nano.examples import Batch, Example
from livegraph_wan.nano.model import ARCHITECTURE, NanoWan
from livegraph_wan.nano.parallel import average
from livegraph_wan.nano.scenes import pick
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.rope import RopeTable

CROP = 8
"""Side in latent cells of the crops that the pixel loss decodes."""
TEMPORAL = 4.0
"""Weight of changes in time in the pixel loss: flicker is small in energy, but it is what an eye sees."""


def clean_of(model: NanoWan, batch: Batch) -> Tensor:
    """The model's idea of the clean latents."""
    with torch.autocast("cpu", torch.bfloat16):
        velocity = predict(model, batch)
    return batch.x - (batch.timesteps / 1000)[:, None, :, None, None] * velocity


def latent_loss(clean: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Squared error, weighted by what each channel does to pixels."""
    return (weights * (clean - target) ** 2).mean()


def pixel_loss(vae: NanoVAE, rng: Generator, clean: Tensor, target: Tensor) -> Tensor:
    """What the error looks like: decoded crops of 64 px, with edges and changes in time.

    The clip's three latents are decoded as one stream, so this sees the seams between them.
    """
    y, x = (PATCH * pick(rng, (size - CROP) // PATCH + 1) for size in clean.shape[3:])
    with torch.autocast("cpu", torch.bfloat16):
        got, wanted = (vae.decode(z[..., y : y + CROP, x : x + CROP], None)[0] for z in (clean, target))
    error = (got - wanted).float()
    edges = error.diff(dim=-1).square().mean() + error.diff(dim=-2).square().mean()
    return error.square().mean() + 0.5 * edges + TEMPORAL * error.diff(dim=1).square().mean()


def predict(model: NanoWan, batch: Batch) -> Tensor:
    """Velocity of a batch in one block-causal pass."""
    frames, height, width = batch.x.shape[2], batch.x.shape[3] // PATCH, batch.x.shape[4] // PATCH
    rope = RopeTable(ARCHITECTURE.head_dim, height, width, batch.x.device)
    memory = DenseMemory(rope, frames, block_causal_mask(frames, 1, height * width))
    prompt = model.transformer.read_prompt(model.text(batch.tokens))
    return model.velocity(batch.x, batch.source, batch.timesteps, prompt, memory)


@torch.no_grad()
def channel_weights(vae: NanoVAE, examples: list[Example]) -> Tensor:
    """Weight of each latent channel, mean 1, `[1, 16, 1, 1, 1]`.

    The energy that a nudge of it has in decoded pixels, softened a little in favour of the fine
    detail that weak channels carry.
    """
    latents = torch.stack([e.source for e in examples[:8]]).float()
    plain, _ = vae.decode(latents, None)
    energy = []
    for channel in range(latents.shape[1]):
        nudged = latents.clone()
        nudged[:, channel] += 0.1 * torch.randn_like(nudged[:, channel])
        energy.append((vae.decode(nudged, None)[0] - plain).square().mean())
    weights = torch.stack(energy) ** 0.8
    average([weights])
    return (weights / weights.mean()).view(1, -1, 1, 1, 1)
