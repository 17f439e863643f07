"""Train wan-nano from nothing: `python -m livegraph_wan.nano.train --out DIR --minutes 60`.

Makes its own data. The learning rate follows the wall clock, so that a slow machine trains less
but always ends with a usable checkpoint. Two processes of one thread each are fastest on two
cores: two threads in one process stall each other as soon as anything else runs.
"""

import argparse
import json
import logging
import math
import random
import time
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Generator, Tensor, nn

from livegraph_wan.attention import DenseMemory, block_causal_mask
from livegraph_wan.model import PATCH
from livegraph_wan.nano.model import ARCHITECTURE, NanoWan
from livegraph_wan.nano.parallel import agree, average, average_gradients, launch
from livegraph_wan.nano.scenes import make_clip, make_held_back_clip, pick, to_float, uniform
from livegraph_wan.nano.styles import STYLES
from livegraph_wan.nano.text import tokenize
from livegraph_wan.nano.train_vae import train_vae
from livegraph_wan.nano.vae import FRAMES, NanoVAE
from livegraph_wan.nano.wording import make_prompt
from livegraph_wan.rope import RopeTable

log = logging.getLogger(__name__)

CHECKPOINT = "wan-nano.safetensors"
LATENTS = 3
"""Latent frames in a training clip: the window that wan-nano streams with."""
MUON_RATE, ADAM_RATE = 4e-3, 1e-3
OIL_SHARE = 0.5
"""How many clips are painted in oils too: it is the style that people meet first."""
FULL_STRENGTH = 0.8
"""From this sigma on, video to video is trained to give the whole style; below, a blend."""
TURNOVER = 5
"""Steps after which one training clip is replaced by a new one."""
PIXELS_FROM, PIXEL_WEIGHT, CROP = 0.45, 10.0, 8
"""Part of the training after which decoded pixels count too, how much, and the crop in latents."""
LARGE_FROM = 0.6
"""Part of the training after which a third of the batches are 256x256."""


class Example(NamedTuple):
    """A clip's latents `[16, 3, H/8, W/8]` bf16: as it was, and by style."""

    source: Tensor
    styled: dict[str, Tensor]


class Batch(NamedTuple):
    """What one step sees: `x` is noisy, `target` clean, both `[B, 16, 3, h, w]` fp32."""

    x: Tensor
    source: Tensor
    target: Tensor
    timesteps: Tensor
    tokens: Tensor


class Settings(NamedTuple):
    """How a run was asked for."""

    out: str
    minutes: float
    seed: int
    clips: int
    batch: int
    resume: float


def train_transformer(rank: int, world: int, settings: Settings) -> None:
    """Worker of one process: trains text encoder and transformer over the VAE found in `out`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    started = time.monotonic()
    torch.manual_seed(settings.seed)
    rng = Generator().manual_seed(settings.seed * 7919 + rank)
    wording = random.Random(settings.seed * 104729 + rank)
    model = NanoWan()
    out = Path(settings.out)
    model.vae.load_state_dict(load_file(out / "vae.safetensors"))
    model.vae.requires_grad_(False)
    if settings.resume:
        model.load_state_dict(load_file(out / CHECKPOINT))
    else:
        _initialise(model)
    small = make_examples(rng, model.vae, settings.clips, 128)
    large = make_examples(rng, model.vae, settings.clips // 4, 256)
    held_back = _validation(model.vae, settings.seed, rank)
    torch.manual_seed(settings.seed + rank)
    log.info("rank %d: data in %.0f s", rank, time.monotonic() - started)
    weights = channel_weights(model.vae, small)
    optimizers = make_optimizers(model)
    begun, limit, step = time.monotonic(), settings.minutes * 60 - (time.monotonic() - started), 0
    curve: list[dict[str, float]] = []
    mean = 0.0
    while (part := agree(_progress(settings, begun, limit))) < 1:
        _schedule(optimizers, step, part)
        is_large = part > LARGE_FROM and step % 3 == 0
        count = max(1, settings.batch // 4) if is_large else settings.batch
        batch = make_batch(rng, wording, large if is_large else small, count)
        clean = clean_of(model, batch)
        loss = latent_loss(clean, batch.target, weights)
        total = loss
        if part > PIXELS_FROM:
            total = loss + PIXEL_WEIGHT * pixel_loss(model.vae, rng, clean, batch.target)
        for optimizer in optimizers:
            optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        average_gradients(p for p in model.parameters() if p.requires_grad)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
        mean = 0.98 * mean + 0.02 * loss.item() if step else loss.item()
        if step % 100 == 0:
            held = _validate(model, held_back, weights)
            curve.append({"step": step, "part": part, "loss": mean, "held_back": held})
            if rank == 0:
                log.info("step %d (%.0f %%): loss %.4f, held back %.4f", step, 100 * part, mean, held)
        if step % TURNOVER == 0:
            _renew(rng, model.vae, large if part > LARGE_FROM and step % (4 * TURNOVER) == 0 else small)
        if rank == 0 and step % 500 == 499:
            _save(model, curve, out)
        step += 1
    if rank == 0:
        _save(model, curve, out)


def _progress(settings: Settings, begun: float, limit: float) -> float:
    """How far along the schedule the clock says that we are, 0..1."""
    return settings.resume + (1 - settings.resume) * (time.monotonic() - begun) / limit


def make_examples(rng: Generator, vae: NanoVAE, clips: int, size: int) -> list[Example]:
    """Clips with three styles each, encoded."""
    return [encode_clip(vae, make_clip(rng, FRAMES * LATENTS, size), _some_styles(rng)) for _ in range(clips)]


def _renew(rng: Generator, vae: NanoVAE, examples: list[Example]) -> None:
    """Replace one example by a new one of the same size: the model never sees the same set for long."""
    size = 8 * examples[0].source.shape[-1]
    examples[pick(rng, len(examples))] = make_examples(rng, vae, 1, size)[0]


def _some_styles(rng: Generator) -> list[str]:
    names = list(STYLES)[1:]
    chosen = [names[int(i)] for i in torch.randperm(len(names), generator=rng)[:3]]
    return ["oil", *chosen[1:]] if uniform(rng, 0, 1) < OIL_SHARE else chosen


@torch.inference_mode()
def encode_clip(vae: NanoVAE, clip: Tensor, styles: list[str]) -> Example:
    """Latents of `[12, H, W, 3]` uint8 and of its renderings."""
    frames = to_float(clip)
    pictures = [frames, *(STYLES[name](frames).clamp(0, 1) for name in styles)]
    with torch.autocast("cpu", torch.bfloat16):
        latents, _ = vae.encode(torch.stack(pictures) * 2 - 1, None)
    source, *styled = latents.bfloat16().clone()
    return Example(source, dict(zip(styles, styled, strict=True)))


def make_batch(rng: Generator, wording: random.Random, examples: list[Example], count: int) -> Batch:
    """Three ways to be noisy: pure noise (what one step sees), the source, or the target.

    A noisy source teaches strength: the target is then a blend that reaches the whole style at
    `FULL_STRENGTH`. A noisy target, each frame with its own sigma, teaches further steps.
    """
    sources, targets, tokens = [], [], []
    for _ in range(count):
        example = examples[pick(rng, len(examples))]
        style = wording.choice(list(example.styled))
        sources.append(example.source)
        targets.append(example.styled[style])
        tokens.append(tokenize(make_prompt(style, wording)))
    source, target = torch.stack(sources).float(), torch.stack(targets).float()
    way = torch.rand(count, 1, generator=rng)
    sigma = 0.1 + 0.9 * torch.rand(count, 1, generator=rng).expand(-1, LATENTS)
    own = 0.02 + 0.98 * torch.rand(count, LATENTS, generator=rng)
    sigma = torch.where(way < 0.35, 1.0, torch.where(way < 0.7, sigma, own))
    s, by_source = sigma.view(count, 1, LATENTS, 1, 1), ((way >= 0.35) & (way < 0.7)).view(count, 1, 1, 1, 1)
    blend = torch.where(by_source, (s / FULL_STRENGTH).clamp(max=1), 1.0)
    target = torch.lerp(source, target, blend)
    noise = torch.randn(target.shape, generator=rng)
    x = s * noise + (1 - s) * torch.where(by_source, source, target)
    return Batch(x, source, target, 1000 * sigma, torch.stack(tokens))


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
    return error.square().mean() + 0.5 * edges + error.diff(dim=1).square().mean()


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


def make_optimizers(model: NanoWan) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside blocks, AdamW for the rest."""
    matrices = [p for p in model.transformer.blocks.parameters() if p.ndim == 2]
    chosen = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if p.requires_grad and id(p) not in chosen]
    muon = torch.optim.Muon(matrices, MUON_RATE, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
    return [muon, torch.optim.AdamW(rest, ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.01)]


def _initialise(model: NanoWan) -> None:
    """Small output layers, so that training starts from a calm network."""
    nn.init.zeros_(model.transformer.head.head.weight)
    nn.init.normal_(model.text.embedding.weight, std=0.7)
    for block in model.transformer.blocks:
        for name in ("self_attn.o", "cross_attn.o", "ffn.2"):
            nn.init.normal_(block.get_parameter(f"{name}.weight"), std=0.02)


def _schedule(optimizers: list[torch.optim.Optimizer], step: int, part: float) -> None:
    """Warm-up over 100 steps, then a cosine over the time that is left."""
    factor = min(1, (step + 1) / 100) * (0.01 + 0.99 * math.cos(part * math.pi / 2) ** 2)
    for optimizer, rate in zip(optimizers, (MUON_RATE, ADAM_RATE), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate * factor


def _validation(vae: NanoVAE, seed: int, rank: int) -> Batch:
    """Held-back clips at sigma 1, one style each."""
    rng, wording = Generator().manual_seed(seed + rank), random.Random(seed + rank)
    names = list(STYLES)
    examples = []
    for which in range(12):
        clip = make_held_back_clip(rng, FRAMES * LATENTS, 128, which)
        examples.append((encode_clip(vae, clip, [names[which]]), names[which]))
    source = torch.stack([e.source for e, _ in examples]).float()
    target = torch.stack([e.styled[name] for e, name in examples]).float()
    tokens = torch.stack([tokenize(make_prompt(name, wording)) for _, name in examples])
    noise = torch.randn(target.shape, generator=rng)
    return Batch(noise, source, target, torch.full((12, LATENTS), 1000.0), tokens)


@torch.no_grad()
def _validate(model: NanoWan, batch: Batch, weights: Tensor) -> float:
    loss = latent_loss(clean_of(model, batch), batch.target, weights)
    average([loss])
    return loss.item()


def _save(model: NanoWan, curve: list[dict[str, float]], out: Path) -> None:
    state = {name: value.bfloat16().contiguous() for name, value in model.state_dict().items()}
    partial = out / f"{CHECKPOINT}.part"
    save_file(state, partial)
    partial.replace(out / CHECKPOINT)
    (out / "curve.json").write_text(json.dumps(curve))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, help="folder for checkpoints and curves")
    parser.add_argument("--minutes", type=float, default=60, help="wall clock for both stages")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--clips", type=int, default=300, help="training clips per process")
    parser.add_argument("--batch", type=int, default=12, help="clips per step and process")
    parser.add_argument("--resume", type=float, default=0, help="go on from this part (0..1) of the schedule")
    parser.add_argument("--keep-vae", action="store_true", help="use the vae.safetensors in --out")
    asked = parser.parse_args()
    Path(asked.out).mkdir(parents=True, exist_ok=True)
    minutes = asked.minutes
    if not (asked.keep_vae or asked.resume):
        launch(train_vae, asked.processes, asked.out, 0.16 * minutes, asked.seed, asked.clips)
        minutes *= 0.84
    settings = Settings(asked.out, minutes, asked.seed, asked.clips, asked.batch, asked.resume)
    launch(train_transformer, asked.processes, settings)


if __name__ == "__main__":
    main()
