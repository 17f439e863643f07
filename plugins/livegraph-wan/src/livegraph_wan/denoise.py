"""From a source and noise to clean latents, block after block: step by step, or all steps at once as a stream batch."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from livegraph_wan.attention import ALONE, Crew, RollingCache
from livegraph_wan.model import PATCH, Prompt
from livegraph_wan.past import Pass, Past
from livegraph_wan.profile import Profile
from livegraph_wan.rope import RopeTable
from livegraph_wan.sampler import Schedule, clean_from, renoise
from livegraph_wan.wan import STRIDE, Wan
from livegraph_wan.window import Window


class Block(NamedTuple):
    """One block to denoise."""

    source: Tensor | None
    """Its latents `[1, 16, F, H/8, W/8]`, or None where it is painted from noise alone."""
    noises: Tensor
    """One per step, `[steps, 1, 16, F, H/8, W/8]`."""
    schedule: Schedule


class Denoiser(Protocol):
    """Turns blocks into clean latents. `lag`: how many blocks later they come."""

    lag: int

    def step(self, block: Block | None, prompt: Prompt) -> Tensor | None:
        """Take a block (None: no more, what lags comes out); give the clean latents of one, fp32, or None."""

    def remember(self, latents: Tensor, prompt: Prompt) -> None:
        """Put clean latents into the cache as a block of the past."""

    def recache(self, prompt: Prompt) -> None:
        """Compute what is remembered again, from the same latents, under this prompt."""

    def forget(self) -> None:
        """Begin a new stream; the buffers are kept."""


class Steps:
    """One block after the other, one step after the other: the lowest latency."""

    lag = 0

    def __init__(
        self, model: Wan, profile: Profile, size: tuple[int, int], device: torch.device, crew: Crew = ALONE
    ) -> None:
        self._model, self._profile = model, profile
        self.cache = make_cache(model, profile, size, device, 1, crew)
        self._past = Past(self.cache, 0, profile.sink_threshold)

    def step(self, block: Block | None, prompt: Prompt) -> Tensor | None:
        if block is None:
            return None
        self._past.adapt()
        if self._profile.recompute:
            self._past.recache(self._model, prompt)
        self.cache.begin_block()
        clean, last = self._denoise(block, prompt)
        if self._profile.clean_refresh:
            last = clean_pass(self._model, clean)
            self._model.velocity(*last, prompt, self.cache)
        elif self._profile.recompute:  # it will be run before the next block
            last = clean_pass(self._model, clean)
        self._past.keep(last)
        return clean

    def _denoise(self, block: Block, prompt: Prompt) -> tuple[Tensor, Pass]:
        beside = self._model.beside(block.source)
        clean = torch.zeros_like(block.noises[0]) if block.source is None else block.source
        for index, (timestep, sigma) in enumerate(zip(block.schedule.timesteps, block.schedule.sigmas, strict=True)):
            x = renoise(clean, block.noises[index], sigma if index else block.schedule.start)
            last = Pass(x, beside, times_of(x, [timestep]))
            clean = clean_from(x, self._model.velocity(*last, prompt, self.cache), sigma)
        return clean, last

    def remember(self, latents: Tensor, prompt: Prompt) -> None:
        self._past.add(self._model, clean_pass(self._model, latents), prompt)

    def recache(self, prompt: Prompt) -> None:
        self._past.recache(self._model, prompt)

    def forget(self) -> None:
        self._past.forget()


class _Row(NamedTuple):
    """A block on its way through a stream batch, and its latents with the next step's noise on."""

    block: Block
    x: Tensor


class StreamBatch:
    """All steps in one pass: row i of the batch is the block of i blocks ago at step i, with a cache of its own.

    It saves launches, not work, and what comes out lags by the number of steps less one (Kodaira et al. 2023).
    """

    def __init__(
        self,
        model: Wan,
        profile: Profile,
        size: tuple[int, int],
        device: torch.device,
        steps: int,
        crew: Crew = ALONE,
    ) -> None:
        if profile.clean_refresh or profile.recompute:
            raise ValueError(f"{profile.name} runs every block once more when it is clean: it cannot be a stream batch")
        self._model = model
        self.lag = steps - 1
        self.cache = make_cache(model, profile, size, device, steps, crew)
        self._pasts = [Past(self.cache, row, profile.sink_threshold) for row in range(steps)]
        self._rows: list[_Row | None] = [None] * steps

    def step(self, block: Block | None, prompt: Prompt) -> Tensor | None:
        entered = None if block is None else _enter(_filled_up(block, len(self._rows)))
        self._rows = [entered, *self._rows[:-1]]
        busy = [index for index, row in enumerate(self._rows) if row is not None]
        done: Tensor | None = None
        for index, clean in zip(busy, self._pass(busy, prompt) if busy else (), strict=True):
            if index == self.lag:
                done = clean
            else:
                self._rows[index] = _next(self._rows[index], clean, index + 1)
        return done

    def _pass(self, busy: Sequence[int], prompt: Prompt) -> Sequence[Tensor]:
        """One pass over the busy rows, which follow each other; the clean latents of each."""
        rows = [row for row in self._rows if row is not None]
        x = torch.cat([row.x for row in rows])
        times = times_of(x, [row.block.schedule.timesteps[i] for i, row in zip(busy, rows, strict=True)])
        sources = [row.block.source for row in rows if row.block.source is not None]
        given = Pass(x, self._model.beside(torch.cat(sources) if sources else None), times)
        for index in busy:
            self._pasts[index].adapt()
        self.cache.begin_block(slice(busy[0], busy[-1] + 1))
        velocity = self._model.velocity(*given, prompt.rows(len(rows)), self.cache)
        cleans = []
        for n, (index, row) in enumerate(zip(busy, rows, strict=True)):
            one = slice(n, n + 1)
            self._pasts[index].keep(Pass(x[one], None if given.beside is None else given.beside[one], times[one]))
            cleans.append(clean_from(x[one], velocity[one], row.block.schedule.sigmas[index]))
        return cleans

    def remember(self, latents: Tensor, prompt: Prompt) -> None:
        for past in self._pasts:
            past.add(self._model, clean_pass(self._model, latents), prompt)

    def recache(self, prompt: Prompt) -> None:
        for past in self._pasts:
            past.recache(self._model, prompt)

    def forget(self) -> None:
        self._rows = [None] * len(self._rows)
        for past in self._pasts:
            past.forget()


def _filled_up(block: Block, steps: int) -> Block:
    """A weak strength leaves fewer steps: its last is taken again, so that all blocks take equally long."""
    start, timesteps, sigmas = block.schedule
    missing = steps - len(timesteps)
    schedule = Schedule(start, timesteps + timesteps[-1:] * missing, sigmas + sigmas[-1:] * missing)
    return block._replace(schedule=schedule)


def _enter(block: Block) -> _Row:
    clean = torch.zeros_like(block.noises[0]) if block.source is None else block.source
    return _Row(block, renoise(clean, block.noises[0], block.schedule.start))


def _next(row: _Row | None, clean: Tensor, step: int) -> _Row:
    assert row is not None
    return row._replace(x=renoise(clean, row.block.noises[step], row.block.schedule.sigmas[step]))


def clean_pass(model: Wan, latents: Tensor) -> Pass:
    """Clean latents at t = 0."""
    return Pass(latents, model.beside(latents), times_of(latents, [0.0]))


def times_of(x: Tensor, timesteps: Sequence[float]) -> Tensor:
    """One timestep per row of `x` `[B, 16, F, H, W]`, as `[B, F]`."""
    return torch.tensor(timesteps, device=x.device)[:, None].expand(-1, x.shape[2])


def make_cache(
    model: Wan, profile: Profile, size: tuple[int, int], device: torch.device, rows: int, crew: Crew = ALONE
) -> RollingCache:
    """A cache for pictures of `size` (height, width)."""
    config, (height, width) = profile.architecture, (side // (STRIDE * PATCH) for side in size)
    return RollingCache(
        RopeTable(config.head_dim, height, width, device),
        [
            Window(
                profile.window,
                sink=profile.sink,
                block=profile.frames_per_block,
                mode=profile.rope,
                limit=profile.positions,
            )
            for _ in range(rows)
        ],
        layers=config.num_layers,
        tokens=height * width,
        heads=config.num_heads,
        head_dim=config.head_dim,
        device=device,
        dtype=model.transformer.dtype,
        crew=crew,
    )
