"""From a source and noise to clean latents, block after block: step by step, or all steps at once as a stream batch."""

from collections.abc import Sequence
from typing import Generic, NamedTuple, Protocol

from livegraph_wan.backend import A, Backend, P, P_contra, Pass
from livegraph_wan.past import Past
from livegraph_wan.profile import Profile
from livegraph_wan.sampler import Schedule, clean_from, renoise
from livegraph_wan.window import Window


class Block(NamedTuple, Generic[A]):
    """One block to denoise."""

    source: A | None
    """Its latents, or None where it is painted from noise alone."""
    noises: Sequence[A]
    """One per step, each of one row."""
    schedule: Schedule
    beside: A | None = None
    """What the model sees beside it, where that does not follow from the source: a still."""


class Denoiser(Protocol[A, P_contra]):
    """Turns blocks into clean latents. `lag`: how many blocks later they come."""

    lag: int

    def step(self, block: Block[A] | None, prompt: P_contra) -> A | None:
        """Take a block (None: no more, what lags comes out); give the clean latents of one, fp32, or None."""

    def remember(self, latents: A, prompt: P_contra) -> None:
        """Put clean latents into the cache as a block of the past."""

    def recache(self, prompt: P_contra) -> None:
        """Compute what is remembered again, from the same latents, under this prompt."""

    def forget(self) -> None:
        """Begin a new stream; the buffers are kept."""


class _Remembering(Generic[A, P]):
    """A runner with as many rows as it is made for, and what each of them remembers."""

    def __init__(self, backend: Backend[A, P], profile: Profile, size: tuple[int, int], rows: int) -> None:
        self._backend = backend
        self.runner = backend.runner(size, rows)
        self._pasts = [Past(self.runner, row, profile.sink_threshold) for row in range(rows)]

    def remember(self, latents: A, prompt: P) -> None:
        for past in self._pasts:
            past.add(clean_pass(self._backend, latents), prompt)

    def recache(self, prompt: P) -> None:
        for past in self._pasts:
            past.recache(prompt)

    def forget(self) -> None:
        for past in self._pasts:
            past.forget()


class Steps(_Remembering[A, P]):
    """One block after the other, one step after the other: the lowest latency."""

    lag = 0

    def __init__(self, backend: Backend[A, P], profile: Profile, size: tuple[int, int]) -> None:
        super().__init__(backend, profile, size, 1)
        self._profile, self.past = profile, self._pasts[0]

    def step(self, block: Block[A] | None, prompt: P) -> A | None:
        if block is None:
            return None
        self.past.adapt()
        if self._profile.recompute:
            self.past.recache(prompt)
        self.runner.begin_block()
        clean, last = self._denoise(block, prompt)
        if self._profile.clean_refresh:
            last = clean_pass(self._backend, clean, block.beside)
            self.runner.velocity(last, prompt)
        elif self._profile.recompute:  # it will be run before the next block
            last = clean_pass(self._backend, clean, block.beside)
        self.past.keep(last)
        return clean

    def _denoise(self, block: Block[A], prompt: P) -> tuple[A, Pass[A]]:
        beside = _beside(self._backend, block)
        _, timesteps, sigmas = block.schedule
        last = Pass(_start(block), beside, timesteps[:1])
        clean = clean_from(last.x, self.runner.velocity(last, prompt), sigmas[0])
        for step in range(1, len(sigmas)):
            last = Pass(renoise(clean, block.noises[step], sigmas[step]), beside, (timesteps[step],))
            clean = clean_from(last.x, self.runner.velocity(last, prompt), sigmas[step])
        return clean, last


class StepsApart(_Remembering[A, P]):
    """One step after the other, each beside a past of its own, as in a stream batch, but nothing lags.

    So what a first step gives does not depend on whether a second follows. A step that a block is not given forgets:
    what it remembers is no longer what came before.
    """

    lag = 0

    def __init__(self, backend: Backend[A, P], profile: Profile, size: tuple[int, int]) -> None:
        super().__init__(backend, profile, size, len(profile.timesteps))

    def step(self, block: Block[A] | None, prompt: P) -> A | None:
        if block is None:
            return None
        taken = len(block.schedule.sigmas)
        for past in self._pasts[taken:]:
            past.forget()
        beside, clean = _beside(self._backend, block), None
        for row, (timestep, sigma) in enumerate(zip(block.schedule.timesteps, block.schedule.sigmas, strict=True)):
            x = _start(block) if clean is None else renoise(clean, block.noises[row], sigma)
            clean = self._one(row, Pass(x, beside, (timestep,)), sigma, prompt)
        return clean

    def _one(self, row: int, given: Pass[A], sigma: float, prompt: P) -> A:
        past = self._pasts[row]
        past.adapt()
        self.runner.begin_block(slice(row, row + 1))
        clean = clean_from(given.x, self.runner.velocity(given, prompt), sigma)
        past.keep(given)
        return clean


class _Row(NamedTuple, Generic[A]):
    """A block on its way through a stream batch, and its latents with the next step's noise on."""

    block: Block[A]
    x: A


class StreamBatch(_Remembering[A, P]):
    """All steps in one pass: row i of the batch is the block of i blocks ago at step i, with a cache of its own.

    It saves launches, not work, and what comes out lags by the number of steps less one (Kodaira et al. 2023).
    """

    def __init__(self, backend: Backend[A, P], profile: Profile, size: tuple[int, int], steps: int) -> None:
        if profile.clean_refresh or profile.recompute:
            raise ValueError(f"{profile.name} runs every block once more when it is clean: it cannot be a stream batch")
        if profile.whole_clips:
            raise ValueError(f"{profile.name} begins each clip from the last of the one before: no stream batch")
        super().__init__(backend, profile, size, steps)
        self.lag = steps - 1
        self._rows: list[_Row[A] | None] = [None] * steps

    def step(self, block: Block[A] | None, prompt: P) -> A | None:
        entered = None if block is None else _enter(_filled_up(block, len(self._rows)))
        self._rows = [entered, *self._rows[:-1]]
        busy = [index for index, row in enumerate(self._rows) if row is not None]
        done: A | None = None
        for index, clean in zip(busy, self._pass(busy, prompt) if busy else (), strict=True):
            if index == self.lag:
                done = clean
            else:
                self._rows[index] = _next(self._rows[index], clean, index + 1)
        return done

    def _pass(self, busy: Sequence[int], prompt: P) -> Sequence[A]:
        """One pass over the busy rows, which follow each other; the clean latents of each."""
        rows = [row for row in self._rows if row is not None]
        given = self._together(busy, rows)
        for index in busy:
            self._pasts[index].adapt()
        self.runner.begin_block(slice(busy[0], busy[-1] + 1))
        velocity = self.runner.velocity(given, prompt)
        cleans = []
        for n, (index, row) in enumerate(zip(busy, rows, strict=True)):
            one = slice(n, n + 1)
            beside = None if given.beside is None else given.beside[one]
            self._pasts[index].keep(Pass(given.x[one], beside, given.timesteps[one]))
            cleans.append(clean_from(given.x[one], velocity[one], row.block.schedule.sigmas[index]))
        return cleans

    def _together(self, busy: Sequence[int], rows: Sequence[_Row[A]]) -> Pass[A]:
        besides = [seen for row in rows if (seen := _beside(self._backend, row.block)) is not None]
        beside = self._backend.concat(besides) if besides else None
        times = tuple(row.block.schedule.timesteps[index] for index, row in zip(busy, rows, strict=True))
        return Pass(self._backend.concat([row.x for row in rows]), beside, times)

    def forget(self) -> None:
        self._rows = [None] * len(self._rows)
        super().forget()


def _filled_up(block: Block[A], steps: int) -> Block[A]:
    """A weak strength leaves fewer steps: its last is taken again, so that all blocks take equally long."""
    start, timesteps, sigmas = block.schedule
    missing = steps - len(timesteps)
    schedule = Schedule(start, timesteps + timesteps[-1:] * missing, sigmas + sigmas[-1:] * missing)
    return block._replace(schedule=schedule)


def _beside(backend: Backend[A, P], block: Block[A]) -> A | None:
    return backend.beside(block.source) if block.beside is None else block.beside


def _start(block: Block[A]) -> A:
    """What the first step sees: noise, with the source in it where there is one."""
    if block.source is None:
        return block.noises[0]
    return renoise(block.source, block.noises[0], block.schedule.start)


def _enter(block: Block[A]) -> _Row[A]:
    return _Row(block, _start(block))


def _next(row: _Row[A] | None, clean: A, step: int) -> _Row[A]:
    assert row is not None
    return row._replace(x=renoise(clean, row.block.noises[step], row.block.schedule.sigmas[step]))


def clean_pass(backend: Backend[A, P], latents: A, beside: A | None = None) -> Pass[A]:
    """Clean latents of one row at t = 0, beside what was seen with them, or else themselves as the source."""
    return Pass(latents, backend.beside(latents) if beside is None else beside, (0.0,))


def windows_of(profile: Profile, rows: int) -> list[Window]:
    """The bookkeeping of as many streams as a runner has rows."""
    return [
        Window(
            profile.window,
            sink=profile.sink,
            block=profile.frames_per_block,
            mode=profile.rope,
            limit=profile.positions,
        )
        for _ in range(rows)
    ]
