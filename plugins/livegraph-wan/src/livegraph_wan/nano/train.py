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

from livegraph_wan.nano.examples import held_back_batch, make_batch, make_examples, renew
from livegraph_wan.nano.losses import channel_weights, clean_of, latent_loss, pixel_loss
from livegraph_wan.nano.model import NanoWan
from livegraph_wan.nano.parallel import agree, average, average_gradients, launch
from livegraph_wan.nano.train_vae import train_vae

log = logging.getLogger(__name__)

CHECKPOINT = "wan-nano.safetensors"
MUON_RATE, ADAM_RATE = 4e-3, 1e-3
TURNOVER = 5
"""Steps after which one training clip is replaced by a new one."""
PIXELS_FROM, PIXEL_WEIGHT = 0.45, 10.0
"""Part of the training after which decoded pixels count too, and how much."""
LARGE_FROM = 0.6
"""Part of the training after which a third of the batches are 256x256."""
VAE_SHARE = 0.16
"""Part of the time that goes to the VAE."""
POINT_EVERY, SAVE_EVERY = 100, 500
"""Steps between points of the curve, and between checkpoints."""


class Settings(NamedTuple):
    """How a run was asked for."""

    out: str
    minutes: float
    seed: int
    clips: int
    batch: int
    resume: float


class Trainer:
    """One process's share of training text encoder and transformer over the VAE found in `out`."""

    def __init__(self, rank: int, settings: Settings) -> None:
        self.rank, self.settings, self.out = rank, settings, Path(settings.out)
        self.started = time.monotonic()
        self.rng = Generator().manual_seed(settings.seed * 7919 + rank)
        self.wording = random.Random(settings.seed * 104729 + rank)
        self.model = self._make_model()
        self.small = make_examples(self.rng, self.model.vae, settings.clips, 128)
        self.large = make_examples(self.rng, self.model.vae, settings.clips // 4, 256)
        self.held_back = held_back_batch(self.model.vae, settings.seed + rank)
        self.weights = channel_weights(self.model.vae, self.small)
        self.optimizers = make_optimizers(self.model)
        self.curve: list[dict[str, float]] = []
        self.mean = 0.0
        log.info("rank %d: data in %.0f s", rank, time.monotonic() - self.started)

    def run(self) -> None:
        """Train until the time is up."""
        begun, step = time.monotonic(), 0
        limit = 60 * self.settings.minutes - (begun - self.started)
        while (part := agree(self._progress((time.monotonic() - begun) / limit))) < 1:
            set_rates(self.optimizers, step, part)
            loss = self._step(step, part)
            self.mean = 0.98 * self.mean + 0.02 * loss if step else loss
            if step % POINT_EVERY == 0:
                self._note(step, part)
            if step % SAVE_EVERY == SAVE_EVERY - 1:
                self._save()
            step += 1
        self._save()

    def _make_model(self) -> NanoWan:
        torch.manual_seed(self.settings.seed)
        model = NanoWan()
        initialise(model)
        model.vae.load_state_dict(load_file(self.out / "vae.safetensors"))
        if self.settings.resume:
            model.load_state_dict(load_file(self.out / CHECKPOINT))
        model.vae.requires_grad_(False)
        return model

    def _progress(self, elapsed: float) -> float:
        """How far along the schedule we are, 0..1, after this part of the time."""
        return self.settings.resume + (1 - self.settings.resume) * elapsed

    def _step(self, step: int, part: float) -> float:
        """One update; returns this process's latent loss."""
        is_large = part > LARGE_FROM and step % 3 == 0
        examples, count = (self.large, self.settings.batch // 4) if is_large else (self.small, self.settings.batch)
        batch = make_batch(self.rng, self.wording, examples, max(1, count))
        clean = clean_of(self.model, batch)
        loss = total = latent_loss(clean, batch.target, self.weights)
        if part > PIXELS_FROM:
            total = loss + PIXEL_WEIGHT * pixel_loss(self.model.vae, self.rng, clean, batch.target)
        self._update(total)
        if step % TURNOVER == 0:
            renew(self.rng, self.model.vae, self.large if part > LARGE_FROM and step % 4 == 0 else self.small)
        return loss.item()

    def _update(self, loss: Tensor) -> None:
        self.model.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        average_gradients(p for p in self.model.parameters() if p.requires_grad)
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()

    @torch.no_grad()
    def _note(self, step: int, part: float) -> None:
        """Add a point to the curve."""
        held = latent_loss(clean_of(self.model, self.held_back), self.held_back.target, self.weights)
        average([held])
        self.curve.append({"step": step, "part": part, "loss": self.mean, "held_back": held.item()})
        if self.rank == 0:
            log.info("step %d (%.0f %%): loss %.4f, held back %.4f", step, 100 * part, self.mean, held.item())

    def _save(self) -> None:
        """Write the checkpoint whole or not at all, and the curve."""
        if self.rank != 0:
            return
        state = {name: value.bfloat16().contiguous() for name, value in self.model.state_dict().items()}
        partial = self.out / f"{CHECKPOINT}.part"
        save_file(state, partial)
        partial.replace(self.out / CHECKPOINT)
        (self.out / "curve.json").write_text(json.dumps(self.curve))


def train_transformer(rank: int, world: int, settings: Settings) -> None:
    """Worker of one process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    Trainer(rank, settings).run()


def make_optimizers(model: NanoWan) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside blocks, AdamW for the rest."""
    matrices = [p for p in model.transformer.blocks.parameters() if p.ndim == 2]
    chosen = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if p.requires_grad and id(p) not in chosen]
    muon = torch.optim.Muon(matrices, MUON_RATE, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
    return [muon, torch.optim.AdamW(rest, ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.01)]


def initialise(model: NanoWan) -> None:
    """Small output layers, so that training starts from a calm network."""
    nn.init.zeros_(model.transformer.head.head.weight)
    nn.init.normal_(model.text.embedding.weight, std=0.7)
    for block in model.transformer.blocks:
        for name in ("self_attn.o", "cross_attn.o", "ffn.2"):
            nn.init.normal_(block.get_parameter(f"{name}.weight"), std=0.02)


def set_rates(optimizers: list[torch.optim.Optimizer], step: int, part: float) -> None:
    """Warm-up over 100 steps, then a cosine over the time that is left."""
    factor = min(1, (step + 1) / 100) * (0.01 + 0.99 * math.cos(part * math.pi / 2) ** 2)
    for optimizer, rate in zip(optimizers, (MUON_RATE, ADAM_RATE), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate * factor


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
        launch(train_vae, asked.processes, asked.out, VAE_SHARE * minutes, asked.seed, asked.clips)
        minutes *= 1 - VAE_SHARE
    settings = Settings(asked.out, minutes, asked.seed, asked.clips, asked.batch, asked.resume)
    launch(train_transformer, asked.processes, settings)


if __name__ == "__main__":
    main()
