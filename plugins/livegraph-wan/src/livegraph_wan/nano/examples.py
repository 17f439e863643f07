"""Training examples of the transformer: rendered and encoded clips, and batches with noise put on."""

import random
from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from livegraph_wan.grid import FRAMES, STRIDE
from livegraph_wan.nano.afterimages import MEMORY_STYLES
from livegraph_wan.nano.clips import KINDS, NamedClip
from livegraph_wan.nano.drawn import pick, uniform
from livegraph_wan.nano.scenes import make_held_back_clip, to_float
from livegraph_wan.nano.styles import STYLES
from livegraph_wan.nano.text import tokenize
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.nano.wording import make_prompt

PLAIN_STYLES = [name for name in STYLES if name not in MEMORY_STYLES]
SHARES = {
    "oil": 2.0,
    "ink": 1.5,
    "thermal": 1.5,
    "neon": 2.0,
    "blueprint": 2.5,
    "gold": 2.5,
    "sepia": 0.7,
    "emboss": 0.7,
}
"""How often a style is painted, against 1 for the others: fine lines and bands of colour need more."""
FULL_STRENGTH = 0.8
"""From this sigma on, video to video is trained to give the whole style; below, a blend."""
MEMORY_HEED, KEPT = 6.0, 0.12
"""How much more errors count where a style shows the past, and by how much (of 1) the picture differs there."""
WAYS = {"default": 0.3, "noise": 0.02, "strength": 0.15, "target": 0.03, "rollout": 0.5}
"""Shares of the ways to be noisy, see `make_batch`."""


class Look(NamedTuple):
    """A clip in one style: latents `[16, T, H/8, W/8]` bf16, pixels `[4T, 3, H, W]` uint8."""

    latents: Tensor
    pixels: Tensor
    heed: Tensor
    """How much errors count, `[T, H/8, W/8]`: 1, and more where something is seen that is no longer there."""


class Example(NamedTuple):
    """A clip as it was, and by style."""

    source: Look
    styled: dict[str, Look]


class Batch(NamedTuple):
    """What one step sees: `x` is noisy, `target` clean, both `[B, 16, T, h, w]` fp32."""

    x: Tensor
    source: Tensor
    target: Tensor
    timesteps: Tensor
    """`[B, T]`."""
    tokens: Tensor
    pairs: list[tuple[Tensor, Tensor]]
    """Pixels of source and styled clip, per clip."""
    heed: Tensor
    """`[B, T, h, w]`, see `Look`."""
    blend: Tensor
    """`[B]`: how far from source to style the target is."""
    again: Tensor
    """Indices of the clips that a first step of the model's own is to come before, see `rollout`."""


def fill_pools(rng: Generator, vae: NanoVAE, clips: Iterator[NamedClip], count: int) -> dict[str, list[Example]]:
    """About `count` examples, by kind in their shares."""
    pools: dict[str, list[Example]] = {name: [] for name in KINDS}
    while any(not _is_full(pools, name, count) for name in KINDS):
        kind, frames = next(clips)
        if not _is_full(pools, kind, count):
            pools[kind].append(encode_clip(vae, frames, some_styles(rng, kind)))
    return pools


def renew(
    rng: Generator, vae: NanoVAE, clips: Iterator[NamedClip], pools: dict[str, list[Example]], count: int
) -> None:
    """Add an example, or replace one of its kind where `count` are reached: the model sees none for long."""
    kind, frames = next(clips)
    example = encode_clip(vae, frames, some_styles(rng, kind))
    if _is_full(pools, kind, count):
        pools[kind][pick(rng, len(pools[kind]))] = example
    else:
        pools[kind].append(example)


def _is_full(pools: dict[str, list[Example]], kind: str, count: int) -> bool:
    return len(pools[kind]) >= max(1, round(count * KINDS[kind].share))


def some_styles(rng: Generator, kind: str) -> list[str]:
    """Three styles: of those without a memory, or both that have one and another."""
    shares = torch.tensor([SHARES.get(name, 1.0) for name in PLAIN_STYLES])
    chosen = [PLAIN_STYLES[int(i)] for i in torch.multinomial(shares, 3, generator=rng)]
    return [*MEMORY_STYLES, chosen[0]] if KINDS[kind].remembers else chosen


@torch.no_grad()
def encode_clip(vae: NanoVAE, clip: Tensor, styles: list[str]) -> Example:
    """Latents and pixels of `[4T, H, W, 3]` uint8 and of its renderings, on the VAE's device."""
    frames = to_float(clip.to(vae.mean.device))
    pictures = torch.stack([frames, *(STYLES[name](frames).clamp(0, 1) for name in styles)])
    with torch.autocast(frames.device.type, torch.bfloat16):
        latents, _ = vae.encode(pictures * 2 - 1, None)
    pixels = (pictures * 255).round().to(torch.uint8)
    looks = []
    for z, p, name in zip(latents, pixels, ["", *styles], strict=True):
        looks.append(Look(z.bfloat16().clone(), p.clone(), heed_of(name, frames)))
    return Example(looks[0], dict(zip(styles, looks[1:], strict=True)))


def heed_of(style: str, frames: Tensor) -> Tensor:
    """`Look.heed` of frames `[4T, 3, H, W]` in 0..1: what a style shows that it would not show of each frame alone."""
    if style not in MEMORY_STYLES:
        height, width = frames.shape[2] // STRIDE, frames.shape[3] // STRIDE
        return frames.new_ones(len(frames) // FRAMES, height, width)
    alone = torch.cat([STYLES[style](frame[None]) for frame in frames])
    kept = (STYLES[style](frames) - alone).abs().mean(1)
    cells = F.avg_pool3d(kept[None], (FRAMES, STRIDE, STRIDE))[0]
    return 1 + MEMORY_HEED * (cells / KEPT).clamp(max=1)


def make_batch(rng: Generator, wording: random.Random, examples: list[Example], count: int) -> Batch:
    """Clips with noise on, in one of five ways.

    `default`: the source at `FULL_STRENGTH`, what one step sees on a stage. `noise`: nothing else.
    `strength`: the source at any sigma; the target is then a blend that reaches the whole style at
    `FULL_STRENGTH`. `target`: the target, each frame at its own sigma. `rollout`: as `default` or
    `strength`, for a first step; `rollout` then puts noise on what the model made of it.
    """
    chosen = [examples[pick(rng, len(examples))] for _ in range(count)]
    names = [wording.choice(list(example.styled)) for example in chosen]
    looks = [example.styled[name] for example, name in zip(chosen, names, strict=True)]
    source = torch.stack([example.source.latents for example in chosen]).float()
    styled = torch.stack([look.latents for look in looks]).float()
    ways = wording.choices(list(WAYS), list(WAYS.values()), k=count)
    sigma = torch.stack([_sigmas(rng, way, source.shape[2]) for way in ways])
    blended = torch.tensor([way in ("strength", "rollout") for way in ways])
    blend = torch.where(blended, (sigma[:, 0] / FULL_STRENGTH).clamp(max=1), 1.0)
    device = source.device
    sigma, blend = sigma.to(device), blend.to(device)
    target = torch.lerp(source, styled, _spread(blend))
    base = torch.where(_spread(torch.tensor([way == "target" for way in ways], device=device)), target, source)
    s = sigma[:, None, :, None, None]
    x = s * torch.randn_like(target) + (1 - s) * base
    tokens = torch.stack([tokenize(make_prompt(name, wording)) for name in names]).to(device)
    pairs = [(example.source.pixels, look.pixels) for example, look in zip(chosen, looks, strict=True)]
    heed = torch.stack([look.heed for look in looks])
    again = torch.tensor([i for i, way in enumerate(ways) if way == "rollout"], dtype=torch.long, device=device)
    return Batch(x, source, target, 1000 * sigma, tokens, pairs, heed, blend, again)


def _sigmas(rng: Generator, way: str, latents: int) -> Tensor:
    """Sigma of every latent frame, `[T]`."""
    if way == "target":
        return 0.02 + 0.98 * torch.rand(latents, generator=rng)
    if way == "strength":
        return torch.full((latents,), uniform(rng, 0.1, 1))
    if way == "rollout":
        return torch.full((latents,), FULL_STRENGTH if uniform(rng, 0, 1) < 0.5 else uniform(rng, 0.35, 1))
    return torch.full((latents,), 1.0 if way == "noise" else FULL_STRENGTH)


def _spread(per_clip: Tensor) -> Tensor:
    return per_clip.view(-1, 1, 1, 1, 1)


def held_back_batch(vae: NanoVAE, seed: int) -> Batch:
    """One held-back clip per style, as a stream with the default strength sees it."""
    rng, wording = Generator().manual_seed(seed), random.Random(seed)
    latents, size, examples = 4, 128, []
    for which, name in enumerate(STYLES):
        clip = make_held_back_clip(rng, FRAMES * latents, size, which)
        examples.append((name, encode_clip(vae, clip, [name])))
    source = torch.stack([e.source.latents for _, e in examples]).float()
    target = torch.stack([e.styled[name].latents for name, e in examples]).float()
    tokens = torch.stack([tokenize(make_prompt(name, wording)) for name, _ in examples]).to(source.device)
    noise = torch.randn(target.shape, generator=rng).to(source.device)
    x = FULL_STRENGTH * noise + (1 - FULL_STRENGTH) * source
    timesteps = torch.full((len(examples), latents), 1000 * FULL_STRENGTH, device=source.device)
    pairs = [(e.source.pixels, e.styled[name].pixels) for name, e in examples]
    heed = torch.stack([e.styled[name].heed for name, e in examples])
    ones = torch.ones(len(examples), device=source.device)
    return Batch(x, source, target, timesteps, tokens, pairs, heed, ones, torch.zeros(0, dtype=torch.long))
