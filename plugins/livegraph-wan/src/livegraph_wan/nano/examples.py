"""Training examples of the transformer: encoded clips, and batches with noise put on."""

import random
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from livegraph_wan.grid import FRAMES, STRIDE
from livegraph_wan.nano.scenes import make_clip, make_held_back_clip, pick, to_float, uniform
from livegraph_wan.nano.styles import STYLES
from livegraph_wan.nano.text import tokenize
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.nano.wording import make_prompt

LATENTS = 3
"""Latent frames in a training clip: the window that wan-nano streams with."""
OIL_SHARE = 0.5
"""How many clips are painted in oils too: it is the style that people meet first."""
FULL_STRENGTH = 0.8
"""From this sigma on, video to video is trained to give the whole style; below, a blend."""
HELD_BACK_CLIPS = 12


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


def make_examples(rng: Generator, vae: NanoVAE, clips: int, size: int) -> list[Example]:
    """Clips with three styles each, encoded."""
    return [encode_clip(vae, make_clip(rng, FRAMES * LATENTS, size), _some_styles(rng)) for _ in range(clips)]


def renew(rng: Generator, vae: NanoVAE, examples: list[Example]) -> None:
    """Replace one example by a new one of the same size: the model never sees the same set for long."""
    size = STRIDE * examples[0].source.shape[-1]
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


def held_back_batch(vae: NanoVAE, seed: int) -> Batch:
    """Held-back clips at sigma 1, one style each."""
    rng, wording = Generator().manual_seed(seed), random.Random(seed)
    names = list(STYLES)
    examples = []
    for which in range(HELD_BACK_CLIPS):
        clip = make_held_back_clip(rng, FRAMES * LATENTS, 128, which)
        examples.append((encode_clip(vae, clip, [names[which]]), names[which]))
    source = torch.stack([e.source for e, _ in examples]).float()
    target = torch.stack([e.styled[name] for e, name in examples]).float()
    tokens = torch.stack([tokenize(make_prompt(name, wording)) for _, name in examples])
    noise = torch.randn(target.shape, generator=rng)
    return Batch(noise, source, target, torch.full((HELD_BACK_CLIPS, LATENTS), 1000.0), tokens)
