"""Stage one of training wan-nano: the VAE."""

import json
import logging
import math
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Generator, Tensor

from livegraph_wan.nano.parallel import agree, average, average_gradients
from livegraph_wan.nano.scenes import make_clip, pick, to_float
from livegraph_wan.nano.styles import STYLES
from livegraph_wan.nano.vae import NanoVAE, fold

log = logging.getLogger(__name__)

CROP, CHUNKS, BATCH, LEARNING_RATE = 64, 2, 16, 1.5e-3
LATENT_NOISE = 0.03
"""Noise added to normalised latents: the transformer's own error is larger than that."""
SHARES = {"ink": 2.0, "neon": 2.0, "emboss": 1.5, "oil": 2.5, "photograph": 1.5, "sepia": 0.7}
"""How often a style is seen, against 1 for the others: fine lines need more."""


def train_vae(rank: int, world: int, out: str, minutes: float, seed: int, clips: int) -> None:
    """Worker of one process: trains for `minutes`, data included, and writes `vae.safetensors`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    started = time.monotonic()
    rng = Generator().manual_seed(seed * 1000 + rank)
    torch.manual_seed(seed)
    pool = _make_pool(rng, clips)
    log.info("vae rank %d: %d clips in %.0f s", rank, len(pool), time.monotonic() - started)
    vae = NanoVAE.from_blocks(_blocks(rng, pool))
    with torch.no_grad():
        average(p.data for p in vae.parameters())
        _normalise(vae, rng, pool)
    optimizer = torch.optim.AdamW(vae.parameters(), LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    begun, limit, step = time.monotonic(), minutes * 60 - (time.monotonic() - started), 0
    curve: list[tuple[int, float]] = []
    while (part := agree((time.monotonic() - begun) / limit)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * min(1, (step + 1) / 50) * (0.01 + 0.99 * math.cos(part * math.pi / 2) ** 2)
        frames = torch.stack([_crop(rng, pool) for _ in range(BATCH)])
        loss = vae_loss(vae, frames)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        average_gradients(vae.parameters())
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
        if step % 20 == 0:
            curve.append((step, loss.item()))
        if rank == 0 and step % 100 == 0:
            log.info("vae step %d (%.0f %%): loss %.4f", step, 100 * part, loss.item())
        if rank == 0 and step % 500 == 499:
            save_file(vae.state_dict(), Path(out) / "vae.safetensors")
        step += 1
    with torch.no_grad():
        _normalise(vae, rng, pool)
    if rank == 0:
        save_file(vae.state_dict(), Path(out) / "vae.safetensors")
        (Path(out) / "vae_curve.json").write_text(json.dumps(curve))


def vae_loss(vae: NanoVAE, frames: Tensor) -> Tensor:
    """L1, plus half of it on gradients, plus a quarter on differences in time."""
    with torch.autocast("cpu", torch.bfloat16):
        latents, _ = vae.encode(frames, None)
        latents = latents + LATENT_NOISE * torch.randn_like(latents)
        drawn, _ = vae.decode(latents, None)
    error = drawn.float() - frames
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    return error.abs().mean() + 0.5 * edges + 0.25 * error.diff(dim=1).abs().mean()


def _make_pool(rng: Generator, clips: int) -> list[Tensor]:
    """Clips `[8, 128, 128, 3]` uint8, each in one style."""
    names = list(STYLES)
    shares = torch.tensor([SHARES.get(name, 1.0) for name in names])
    pool = []
    for _ in range(clips):
        clip = to_float(make_clip(rng, 4 * CHUNKS, 128))
        for index in torch.multinomial(shares, 3, generator=rng):
            styled = STYLES[names[int(index)]](clip)
            pool.append((styled.clamp(0, 1) * 255).round().to(torch.uint8))
    return pool


def _crop(rng: Generator, pool: list[Tensor]) -> Tensor:
    """A crop `[T, 3, 64, 64]` in -1..1, on the 8 px lattice that the styles' patterns live on."""
    clip = pool[pick(rng, len(pool))]
    y, x = (8 * pick(rng, (128 - CROP) // 8 + 1) for _ in range(2))
    return clip[:, :, y : y + CROP, x : x + CROP].float() / 127.5 - 1


def _blocks(rng: Generator, pool: list[Tensor]) -> Tensor:
    frames = torch.stack([_crop(rng, pool) for _ in range(512)])
    return fold(frames).permute(0, 2, 3, 1).flatten(0, 2)


def _normalise(vae: NanoVAE, rng: Generator, pool: list[Tensor]) -> None:
    """Make latents of zero mean and unit variance per channel."""
    frames = torch.stack([_crop(rng, pool) for _ in range(256)])
    latents, _ = vae.encode(frames, None)
    raw = latents * vae.std.view(1, -1, 1, 1, 1) + vae.mean.view(1, -1, 1, 1, 1)
    mean, std = raw.mean((0, 2, 3, 4)), raw.std((0, 2, 3, 4))
    average([mean, std])
    vae.mean.copy_(mean)
    vae.std.copy_(std)
