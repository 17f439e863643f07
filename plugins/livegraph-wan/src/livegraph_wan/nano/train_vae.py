"""Stage one of training wan-nano from nothing: the VAE."""

import json
import logging
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from livegraph_wan.nano.drawn import pick
from livegraph_wan.nano.optimizers import set_rates
from livegraph_wan.nano.parallel import average, average_gradients
from livegraph_wan.nano.scenes import make_clip, to_float
from livegraph_wan.nano.schedule import Progress, load_checkpoint, save_checkpoint
from livegraph_wan.nano.styles import STYLES
from livegraph_wan.nano.vae import NanoVAE, fold

log = logging.getLogger(__name__)

VAE_CHECKPOINT = "vae_checkpoint.pt"
CROP, CHUNKS, BATCH, LEARNING_RATE = 64, 2, 16, 1.5e-3
SAVE_EVERY = 500
"""Steps between checkpoints."""
LATENT_NOISE = 0.03
"""Noise added to normalised latents: the transformer's own error is larger than that."""
SHARES = {"ink": 2.0, "neon": 2.0, "blueprint": 2.0, "emboss": 1.5, "oil": 2.5, "photograph": 1.5, "sepia": 0.7}
"""How often a style is seen, against 1 for the others: fine lines need more."""


class VAETrainer:
    """One process's share of training the VAE for a number of minutes, data included."""

    def __init__(self, rank: int, out: Path, minutes: float, seed: int, clips: int, device: torch.device) -> None:
        self.rank, self.out = rank, out
        state = load_checkpoint(out / VAE_CHECKPOINT, device) or {}
        self.progress = Progress(minutes, device, state.get("seconds", 0))
        self.step: int = state.get("step", 0)
        self.curve: list[tuple[int, float]] = state.get("curve", [])
        self.rng = Generator().manual_seed(seed * 1000 + rank + self.step)
        self.done = self.progress.part() >= 1
        if self.done:
            return
        torch.manual_seed(seed)
        self.pool = make_pool(self.rng, clips, device)
        self.vae = self._make_vae(device) if not state else NanoVAE().to(device)
        self.optimizer = torch.optim.AdamW(self.vae.parameters(), LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01)
        self.optimizer.param_groups[0]["peak"] = LEARNING_RATE
        if state:
            self.vae.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])

    def run(self) -> None:
        """Train until the time is up."""
        if self.done:
            return
        while (part := self.progress.part()) < 1:
            set_rates([self.optimizer], self.step, part)
            loss = self._update()
            if self.step % 20 == 0:
                self.curve.append((self.step, loss))
            if self.rank == 0 and self.step % 100 == 0:
                log.info("vae step %d (%.0f %%): loss %.4f", self.step, 100 * part, loss)
            self.step += 1
            if self.step % SAVE_EVERY == 0:
                self._save()
        with torch.no_grad():
            normalise(self.vae, self._crops(256))
        self._save()

    def _make_vae(self, device: torch.device) -> NanoVAE:
        vae = NanoVAE.from_blocks(fold(self._crops(512)).permute(0, 2, 3, 1).flatten(0, 2)).to(device)
        with torch.no_grad():
            average(p.data for p in vae.parameters())
            normalise(vae, self._crops(256))
        return vae

    def _update(self) -> float:
        loss = vae_loss(self.vae, self._crops(BATCH))
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        average_gradients(self.vae.parameters())
        torch.nn.utils.clip_grad_norm_(self.vae.parameters(), 1.0)
        self.optimizer.step()
        return loss.item()

    def _crops(self, count: int) -> Tensor:
        return torch.stack([crop(self.rng, self.pool) for _ in range(count)])

    def _save(self) -> None:
        if self.rank != 0:
            return
        state: dict[str, Any] = {
            "model": self.vae.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "curve": self.curve,
            "step": self.step,
            "seconds": self.progress.seconds,
        }
        save_checkpoint(self.out / VAE_CHECKPOINT, state)
        (self.out / "vae_curve.json").write_text(json.dumps(self.curve))


def train_vae(rank: int, world: int, out: Path, minutes: float, seed: int, clips: int, device: torch.device) -> None:
    """Worker of one process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    VAETrainer(rank, out, minutes, seed, clips, device).run()


def vae_loss(vae: NanoVAE, frames: Tensor) -> Tensor:
    """L1, plus half of it on gradients, plus a quarter on differences in time."""
    with torch.autocast(frames.device.type, torch.bfloat16):
        latents, _ = vae.encode(frames, None)
        latents = latents + LATENT_NOISE * torch.randn_like(latents)
        drawn, _ = vae.decode(latents, None)
    error = drawn.float() - frames
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    return error.abs().mean() + 0.5 * edges + 0.25 * error.diff(dim=1).abs().mean()


def make_pool(rng: Generator, clips: int, device: torch.device) -> list[Tensor]:
    """Clips `[8, 3, 128, 128]` uint8, each in one style; three of every scene."""
    names = list(STYLES)
    shares = torch.tensor([SHARES.get(name, 1.0) for name in names])
    pool = []
    for _ in range(clips):
        clip = to_float(make_clip(rng, 4 * CHUNKS, 128).to(device))
        for index in torch.multinomial(shares, 3, generator=rng):
            styled = STYLES[names[int(index)]](clip)
            pool.append((styled.clamp(0, 1) * 255).round().to(torch.uint8))
    return pool


def crop(rng: Generator, pool: list[Tensor]) -> Tensor:
    """A crop `[T, 3, 64, 64]` in -1..1, on the 8 px lattice that the styles' patterns live on."""
    clip = pool[pick(rng, len(pool))]
    y, x = (8 * pick(rng, (128 - CROP) // 8 + 1) for _ in range(2))
    return clip[:, :, y : y + CROP, x : x + CROP].float() / 127.5 - 1


def normalise(vae: NanoVAE, frames: Tensor) -> None:
    """Make latents of zero mean and unit variance per channel."""
    latents, _ = vae.encode(frames, None)
    raw = latents * vae.std.view(1, -1, 1, 1, 1) + vae.mean.view(1, -1, 1, 1, 1)
    mean, std = raw.mean((0, 2, 3, 4)), raw.std((0, 2, 3, 4))
    average([mean, std])
    vae.mean.copy_(mean)
    vae.std.copy_(std)
