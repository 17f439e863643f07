"""Train wan-nano: `python -m livegraph_wan.nano.train --out DIR --minutes 60`.

Makes its own data. Goes on from what it finds in DIR; `--start` begins from the weights of another
wan-nano, of the same size or smaller, instead of from nothing. The learning rate follows the time
worked, so that a slow machine trains less but always ends with a usable checkpoint. On a CPU two
processes of one thread each are fastest on two cores: two threads in one process stall each other
as soon as anything else runs.
"""

import argparse
import json
import logging
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from livegraph_wan.device import choose_device
from livegraph_wan.nano.clips import KINDS, pick_kind, stream_clips
from livegraph_wan.nano.drawn import uniform
from livegraph_wan.nano.examples import fill_pools, held_back_batch, make_batch, renew
from livegraph_wan.nano.grow import grow
from livegraph_wan.nano.losses import (
    channel_weights,
    clean_of,
    decibels_of,
    latent_loss,
    pixel_loss,
    rollout,
    second_step,
)
from livegraph_wan.nano.model import ARCHITECTURE, NanoWan, read_weights, save_nano
from livegraph_wan.nano.optimizers import WARM_RATE, make_optimizers, set_rates
from livegraph_wan.nano.parallel import average, average_gradients, launch
from livegraph_wan.nano.schedule import Progress, load_checkpoint, save_checkpoint
from livegraph_wan.nano.text import tokenize
from livegraph_wan.nano.train_vae import VAE_CHECKPOINT, train_vae
from livegraph_wan.nano.wording import EVERY_PHRASE
from livegraph_wan.profile import WAN_NANO, Architecture

log = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.pt"
TURNOVER = 4
"""Steps after which there is a new training clip."""
FIRST_CLIPS = 1 / 5
"""Part of the clips that is made before the first step."""
PIXELS_FROM, PIXEL_WEIGHT = 0.3, 10.0
"""Part of a training from nothing after which decoded pixels count too, and the decoder learns; and how much."""
VAE_SHARE = 0.16
"""Part of the time that goes to the VAE in a training from nothing."""
POINT_EVERY = 200
"""Steps between points of the curve."""
SAVE_EVERY = 60
"""Seconds worked between checkpoints."""
AVERAGE = 0.995
"""Decay of the moving average of the weights, which is what is kept."""


class Settings(NamedTuple):
    """How a run was asked for."""

    out: Path
    minutes: float
    seed: int
    clips: int
    batch: int
    device: torch.device
    start: Path | None
    architecture: Architecture


class Trainer:
    """One process's share of training text encoder, transformer and decoder."""

    def __init__(self, rank: int, settings: Settings) -> None:
        self.rank, self.settings = rank, settings
        started = time.monotonic()
        state = load_checkpoint(settings.out / CHECKPOINT, settings.device) or {}
        self.step: int = state.get("step", 0)
        seed = (settings.seed * 7919 + rank) * 1_000_003 + self.step
        self.rng, self.wording = Generator().manual_seed(seed), random.Random(seed)
        self.model = self._make_model()
        self.average = AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(AVERAGE))  # type: ignore[no-untyped-call]
        self.optimizers = make_optimizers(self.model, WARM_RATE if settings.start else 1)
        self.curve: list[dict[str, float]] = state.get("curve", [])
        if state:
            self._restore(state)
        torch.manual_seed(seed)
        self.clips = stream_clips(seed, settings.device)
        self.pools = fill_pools(self.rng, self.model.vae, self.clips, round(FIRST_CLIPS * settings.clips))
        self.held_back = held_back_batch(self.model.vae, settings.seed + rank)
        self.weights = channel_weights(self.model.vae, self.pools["small"])
        self.progress = Progress(settings.minutes, settings.device, state.get("seconds", 0))
        self.mean = self.curve[-1]["loss"] if self.curve else 0.0
        log.info("rank %d: data in %.0f s, from step %d", rank, time.monotonic() - started, self.step)

    def run(self) -> None:
        """Train until the time is up."""
        saved = self.progress.seconds
        while (part := self.progress.part()) < 1:
            set_rates(self.optimizers, self.step, part)
            loss = self._step(part)
            self.mean = 0.98 * self.mean + 0.02 * loss if self.step else loss
            if self.step % POINT_EVERY == 0:
                self._note(part)
            self.step += 1
            if self.progress.seconds - saved > SAVE_EVERY:
                self._save()
                saved = self.progress.seconds
        self._note(1)
        self._save()

    def _make_model(self) -> NanoWan:
        torch.manual_seed(self.settings.seed)
        model = NanoWan(self.settings.architecture)
        initialise(model)
        if self.settings.start:
            grow(model, read_weights(self.settings.start))
            forget_unseen_words(model)
        else:
            vae = load_checkpoint(self.settings.out / VAE_CHECKPOINT, torch.device("cpu"))
            assert vae is not None, "the VAE is trained before the transformer"
            model.vae.load_state_dict(vae["model"])
        model.vae.requires_grad_(False)
        for parameter in model.vae.decoder_parameters():
            parameter.requires_grad_(True)
        return model.to(self.settings.device)

    def _restore(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)

    def _step(self, part: float) -> float:
        """One update; returns this process's latent loss."""
        name = pick_kind(uniform(self.rng, 0, 1), [kind.steps for kind in KINDS.values()])
        count = max(1, round(self.settings.batch * KINDS[name].batch))
        batch = make_batch(self.rng, self.wording, self.pools[name], count)
        batch = rollout(self.model, self.rng, batch)
        clean = clean_of(self.model, batch)
        loss = total = latent_loss(clean, batch, self.weights)
        if self.settings.start or part > PIXELS_FROM:
            total = loss + PIXEL_WEIGHT * pixel_loss(self.model.vae, self.rng, clean, batch)
        self._update(total)
        if self.step % TURNOVER == 0:
            renew(self.rng, self.model.vae, self.clips, self.pools, self.settings.clips)
        return loss.item()

    def _update(self, loss: Tensor) -> None:
        self.model.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        average_gradients(p for p in self.model.parameters() if p.requires_grad)
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        self.average.update_parameters(self.model)

    @torch.no_grad()
    def _note(self, part: float) -> None:
        """Add a point to the curve: the training loss, and what the averaged weights do on held-back clips."""
        model = self.average.module
        assert isinstance(model, NanoWan)
        clean = clean_of(model, self.held_back)
        again = clean_of(model, second_step(self.held_back, clean, WAN_NANO.timesteps[1]))
        loss = latent_loss(clean, self.held_back, self.weights)
        once, twice = (decibels_of(model, z, self.held_back) for z in (clean, again))
        average([loss, once, twice])
        point = {
            "step": self.step,
            "part": part,
            "loss": self.mean,
            "held_back": loss.item(),
            "psnr_db": once.item(),
            "psnr_db_2_steps": twice.item(),
        }
        self.curve.append(point)
        if self.rank == 0:
            log.info(
                "step %d (%.0f %%): loss %.4f, held back %.4f, %.2f dB, at two steps %.2f",
                self.step,
                100 * part,
                *list(point.values())[2:],
            )

    def _save(self) -> None:
        """Write a checkpoint to go on from, the averaged weights to use, and the curve."""
        if self.rank != 0:
            return
        out, model = self.settings.out, self.average.module
        assert isinstance(model, NanoWan)
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "curve": self.curve,
            "step": self.step,
            "seconds": self.progress.seconds,
        }
        save_checkpoint(out / CHECKPOINT, state)
        save_nano(model, out)
        (out / "curve.json").write_text(json.dumps(self.curve))


def train_transformer(rank: int, world: int, settings: Settings) -> None:
    """Worker of one process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_float32_matmul_precision("high")
    Trainer(rank, settings).run()


def initialise(model: NanoWan) -> None:
    """Small output layers, so that training starts from a calm network."""
    nn.init.zeros_(model.transformer.head.head.weight)
    nn.init.normal_(model.text.embedding.weight, std=0.7)
    for block in model.transformer.blocks:
        for name in ("self_attn.o", "cross_attn.o", "ffn.2"):
            nn.init.normal_(block.get_parameter(f"{name}.weight"), std=0.02)


@torch.no_grad()
def forget_unseen_words(model: NanoWan) -> None:
    """Make the vectors of n-grams that no training phrase has zero: a word never met is then next to nothing."""
    seen = torch.zeros(model.text.embedding.num_embeddings, dtype=torch.bool)
    for phrase in EVERY_PHRASE:
        seen[tokenize(phrase).flatten()] = True
    model.text.embedding.weight[~seen] = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and curves")
    parser.add_argument("--minutes", type=float, default=60, help="of work, both stages and earlier runs together")
    parser.add_argument("--start", type=Path, help="a folder of weights to begin from")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, help="on the CPU")
    parser.add_argument("--clips", type=int, default=360, help="training clips per process")
    parser.add_argument("--batch", type=int, default=12, help="clips per step and process")
    parser.add_argument("--layers", type=int, default=ARCHITECTURE.num_layers, help="blocks of the transformer")
    parser.add_argument("--hidden", type=int, default=ARCHITECTURE.ffn_dim, help="width of their feed-forward layers")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    device, minutes = choose_device(asked.device), asked.minutes
    world = 1 if device.type == "cuda" else asked.processes
    if not asked.start:
        launch(train_vae, world, asked.out, VAE_SHARE * minutes, asked.seed, asked.clips, device)
        minutes *= 1 - VAE_SHARE
    architecture = replace(ARCHITECTURE, num_layers=asked.layers, ffn_dim=asked.hidden)
    settings = Settings(asked.out, minutes, asked.seed, asked.clips, asked.batch, device, asked.start, architecture)
    launch(train_transformer, world, settings)


if __name__ == "__main__":
    main()
