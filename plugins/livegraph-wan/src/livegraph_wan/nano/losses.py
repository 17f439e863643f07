"""What training minimises: errors of latents, and of the pixels that they decode to."""

from functools import lru_cache

import torch
from torch import Generator, Tensor

from livegraph_wan.attention import DenseMemory, block_causal_mask
from livegraph_wan.grid import FRAMES, PATCH, STRIDE
from livegraph_wan.nano.drawn import pick, uniform
from livegraph_wan.nano.examples import Batch, Example
from livegraph_wan.nano.model import NanoWan
from livegraph_wan.nano.parallel import average
from livegraph_wan.nano.preconditioning import precondition
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.profile import WAN_NANO
from livegraph_wan.rope import RopeTable

MOST = 4.0
"""Bound of how much more, or less, a clip counts for what its first step left."""
CROP = 5 / 8
"""Side of the crops that the pixel loss decodes, as a part of the picture's."""
TEMPORAL = 6.0
"""Weight of changes in time in the pixel loss: flicker is small in energy, but it is what an eye sees."""
BORDER = 2.0
"""Weight of those from one chunk of four to the next, against those within: seams are seen first."""
SECOND_SIGMA = (0.02, 0.1)
"""Where on the path a further step begins: `WAN_NANO.timesteps` takes its second from here."""


def clean_of(model: NanoWan, batch: Batch) -> Tensor:
    """The model's idea of the clean latents."""
    with torch.autocast(batch.x.device.type, torch.bfloat16):
        velocity = predict(model, batch)
    return batch.x - (batch.timesteps / 1000)[:, None, :, None, None] * velocity


def predict(model: NanoWan, batch: Batch) -> Tensor:
    """Velocity of a batch in one block-causal pass."""
    frames, height, width = batch.x.shape[2], batch.x.shape[3] // PATCH, batch.x.shape[4] // PATCH
    memory = _memory(model.transformer.config.head_dim, frames, height, width, batch.x.device)
    prompt = model.transformer.read_prompt(model.text(batch.tokens))
    return model.velocity(batch.x, batch.source, batch.timesteps, prompt, memory)


@lru_cache(maxsize=16)
def _memory(head_dim: int, frames: int, height: int, width: int, device: torch.device) -> DenseMemory:
    """What each frame may see in a clip: what it would see in the stream."""
    mask = block_causal_mask(frames, 1, height * width, WAN_NANO.window).to(device)
    return DenseMemory(RopeTable(head_dim, height, width, device), frames, mask)


_PER_CLIP = ("x", "source", "timesteps", "tokens")


@torch.no_grad()
def rollout(model: NanoWan, rng: Generator, batch: Batch) -> Batch:
    """Take the first step of `batch.again` with the model itself, and start the second from there.

    So a second step learns to mend what the first one really leaves (Self-Forcing, section 3), among the second steps
    of other frames, as in a stream (`Profile.steps_apart`).
    """
    if not len(batch.again):
        return batch
    chosen = batch._replace(**{name: getattr(batch, name)[batch.again] for name in _PER_CLIP})
    clean = clean_of(model, chosen)
    first = chosen.timesteps / 1000
    second = torch.tensor([[uniform(rng, *SECOND_SIGMA)] for _ in first], device=clean.device).minimum(first)
    s = second[:, None, :, None, None]
    x, timesteps = batch.x.clone(), batch.timesteps.clone()
    x[batch.again] = (1 - s) * clean + s * torch.randn_like(clean)
    timesteps[batch.again] = 1000 * second
    return batch._replace(x=x, timesteps=timesteps, heed=_in_proportion(batch, clean))


def _in_proportion(batch: Batch, clean: Tensor) -> Tensor:
    """`Batch.heed`, where an error after a second step counts by what the first one left of that clip.

    What a second step adds is told in dB, a ratio. Unweighted, it would mend what is far from right and spoil what is
    nearly so.
    """
    left = (clean - batch.target[batch.again]).square().mean((1, 2, 3, 4))
    heed = batch.heed.clone()
    heed[batch.again] *= (left.mean() / left).clamp(1 / MOST, MOST).view(-1, 1, 1, 1)
    return heed


def second_step(batch: Batch, clean: Tensor, timestep: float) -> Batch:
    """The batch once more, at a later `timestep` of the path to the `clean` latents that its first step gave."""
    s = timestep / 1000
    timesteps = torch.full_like(batch.timesteps, timestep)
    return batch._replace(x=(1 - s) * clean + s * torch.randn_like(clean), timesteps=timesteps)


def latent_loss(clean: Tensor, batch: Batch, weights: Tensor) -> Tensor:
    """Squared error, weighted by what each channel does to pixels, by `gain` and by `Look.heed`."""
    told = gain(batch.timesteps)[:, None, :, None, None] * batch.heed[:, None]
    return (weights * told * (clean - batch.target) ** 2).mean()


def gain(timesteps: Tensor) -> Tensor:
    """Weight of an error at each timestep: the inverse of the factor that the network's output enters it with.

    Late on the path the output is scaled down (`precondition`). Unweighted, a second step would push the network a
    third as hard as the first, and be learned more slowly.
    """
    weight: Tensor = 1 / precondition(timesteps / 1000).write
    return weight


def pixel_loss(vae: NanoVAE, rng: Generator, clean: Tensor, batch: Batch) -> Tensor:
    """Squared error of decoded crops against the pixels wanted, with edges and changes in time.

    A clip is decoded as one stream, so this sees the seams between its chunks.
    """
    size = clean.shape[-1]
    side = PATCH * round(CROP * size / PATCH)
    y, x = (PATCH * pick(rng, (size - side) // PATCH + 1) for _ in range(2))
    with torch.autocast(clean.device.type, torch.bfloat16):
        drawn, _ = vae.decode(clean[..., y : y + side, x : x + side], None)
    inner = (..., _inner(y, side, size), _inner(x, side, size))
    told = gain(batch.timesteps).mean(1).sqrt().view(-1, 1, 1, 1, 1)
    error = told * (drawn.float() - wanted_pixels(batch, y, x, side))[inner]
    edges = error.diff(dim=-1).square().mean() + error.diff(dim=-2).square().mean()
    heed = _heed(batch, y, x, side)[inner]
    return (heed * error.square()).mean() + 0.5 * edges + TEMPORAL * _changes(error)


def _heed(batch: Batch, y: int, x: int, side: int) -> Tensor:
    """`Batch.heed` of a crop, `[B, 4T, 1, 8 side, 8 side]`."""
    cells = batch.heed[:, :, None, y : y + side, x : x + side].repeat_interleave(FRAMES, 1)
    return cells.repeat_interleave(STRIDE, -1).repeat_interleave(STRIDE, -2)


def decibels_of(model: NanoWan, clean: Tensor, batch: Batch) -> Tensor:
    """PSNR of decoded latents, mean over the clips."""
    with torch.autocast(clean.device.type, torch.bfloat16):
        drawn = model.vae.decode(clean, None)[0].float().clamp(-1, 1)
    error = (drawn - wanted_pixels(batch, 0, 0, clean.shape[-1])).square().mean(dim=(1, 2, 3, 4)) / 4
    return (-10 * error.log10()).mean()


def wanted_pixels(batch: Batch, y: int, x: int, side: int) -> Tensor:
    """Crops `[B, 4T, 3, 8 side, 8 side]` in -1..1 of the blends of source and style that are the target."""
    window = (..., slice(STRIDE * y, STRIDE * (y + side)), slice(STRIDE * x, STRIDE * (x + side)))
    source, styled = (torch.stack([pair[i][window] for pair in batch.pairs]).float() for i in (0, 1))
    return torch.lerp(source, styled, batch.blend.view(-1, 1, 1, 1, 1)) / 127.5 - 1


def _inner(start: int, side: int, size: int) -> slice:
    """What of a decoded crop counts: not the cell along a cut, which lacks its neighbours."""
    first = 0 if start == 0 else STRIDE
    last = STRIDE * side if start + side == size else STRIDE * (side - 1)
    return slice(first, last)


def _changes(error: Tensor) -> Tensor:
    """Mean square of an error's changes in time, those between chunks weighted by `BORDER`."""
    changes = error.diff(dim=1).square().mean(dim=(0, 2, 3, 4))
    weights = torch.ones_like(changes)
    weights[FRAMES - 1 :: FRAMES] = BORDER
    return (weights * changes).sum() / weights.sum()


@torch.no_grad()
def channel_weights(vae: NanoVAE, examples: list[Example]) -> Tensor:
    """Weight of each latent channel, mean 1, `[1, 16, 1, 1, 1]`.

    The energy that a nudge of it has in decoded pixels, softened a little in favour of the fine
    detail that weak channels carry.
    """
    latents = torch.stack([e.source.latents for e in examples[:8]]).float()
    plain, _ = vae.decode(latents, None)
    energy = []
    for channel in range(latents.shape[1]):
        nudged = latents.clone()
        nudged[:, channel] += 0.1 * torch.randn_like(nudged[:, channel])
        energy.append((vae.decode(nudged, None)[0] - plain).square().mean())
    weights = torch.stack(energy) ** 0.8
    average([weights])
    return (weights / weights.mean()).view(1, -1, 1, 1, 1)
