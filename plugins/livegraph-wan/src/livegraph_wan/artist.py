"""What the wan nodes share: a loaded model that follows its parameters while it paints."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from livegraph import Context, DeviceMemoryError, InputError
from livegraph_wan.choice import Chosen, check_vae, choose_backend, overlaps, profile_for, taehv_is_here
from livegraph_wan.foresee import place_of, setting_for
from livegraph_wan.pace import Pace
from livegraph_wan.profile import Profile, Task, VaeName
from livegraph_wan.prompts import parse
from livegraph_wan.window import Window

if TYPE_CHECKING:
    from livegraph_wan.backend import Pictures
    from livegraph_wan.device import Threads
    from livegraph_wan.frugal import FrugalStream

USUAL_FPS = 30.0
"""Taken for the rate of what comes, where the plan does not know it."""
WEAKEST, STRONGEST = 0.2, 0.95
"""Strengths that `prompt_dominance` leads to at 0 and 1."""


class Look(Protocol):
    """The parameters that all wan nodes have."""

    prompt: str
    transition: float
    interpolation: Any
    steps: int
    target_fps: float
    resolution: float
    model: str
    checkpoint: str
    backend: Any
    vae: Any
    dtype: Any
    quantise: Any
    loras: tuple[str, ...]
    lora_scales: tuple[float, ...]
    stream_batch: bool
    compile: Any
    overlap: Any
    topology: Any
    world_size: int
    window: int
    step_down: bool


class Artist:
    """A model and its stream, for the thread that made it."""

    def __init__(self, look: Look, ctx: Context, task: Task) -> None:
        self._ctx = ctx
        self.profile = with_window_of(look, checked_profile(look.model, task))
        check_vae(self.profile, look.vae)
        self.chosen = choose_backend(look.backend, cpu=ctx.cpu)
        ctx.say(f"{self.profile.name} on {self.chosen.name} ({self.chosen.reason})")
        ranks = _ranks(look, self.chosen)
        if look.topology == "distributed":
            ctx.say(f"shared by {ranks} processes" if ranks > 1 else "one device: there is nobody to share with")
        self.stream = self._load(look, ranks)
        self._pace = Pace()
        self._prompt: str | None = None
        self._reading: Future[None] | None = None
        self._refused: str | None = None
        self._threads: Threads | None = None
        self._warm = False

    def warm_up(self, paint: Callable[[], object]) -> None:
        """Do once what makes a first chunk slow, find out how many threads are best here and now, and forget it."""
        for _ in range(self.stream.warm_ups):
            paint()
        if self.chosen.name == "torch-cpu":
            self._choose_threads(paint)
        self.stream.reset()
        self.stream.settle()
        self._warm = True

    def status(self) -> dict[str, Any]:
        """What is running, for people and programs: after a step-down, what it goes on with."""
        now = self.stream.setting
        return {
            "model": self.profile.name,
            "backend": self.chosen.name,
            "warm": self._warm,
            "vae": now.vae,
            "window": now.profile.window,
            "size": list(now.painted),
            "steps": self._pace.steps or self.profile.steps,
        }

    def _choose_threads(self, paint: Callable[[], object]) -> None:
        """Once; and live from then on. Offline a render is to be the same from its first picture to its last: sums are
        rounded otherwise by another number of threads.
        """
        from livegraph_wan.device import Threads, choose_threads

        if self._ctx.mode == "offline":
            choose_threads(paint)
        else:
            self._threads = Threads(paint)

    def close(self) -> None:
        """Nothing more will be painted."""
        self.stream.loaded.close()

    def _load(self, look: Look, ranks: int) -> FrugalStream:
        from livegraph_wan.frugal import FrugalStream, Means

        backend = self.chosen.name
        setting = setting_for(look, self.profile, backend, self.profile.size)
        means = Means(
            place_of(backend),
            backend,
            self._ctx.say,
            may_step_down=look.step_down and ranks == 1,  # the others would wait for one that begins anew
            taehv=taehv_is_here(),
        )
        return FrugalStream(partial(_load, look, self.profile, self.chosen, ranks), setting, means)

    def follow(self, look: Look) -> None:
        """Take over changed parameters between two chunks. Live, a prompt that takes time to read is read beside the
        stream, which goes on under the one before.
        """
        self.stream.set_resolution(look.resolution)
        if look.loras:
            self.stream.set_loras(dict(zip(_lora_paths(look), strengths_of(look), strict=True)))
        if look.prompt == self._prompt or not self._is_read(look.prompt):
            return
        fps = self._ctx.fps_hint or USUAL_FPS
        chunks = round(look.transition * fps / self.stream.frames)
        self.stream.set_prompt(look.prompt, chunks=chunks, how=look.interpolation)
        self._prompt = look.prompt

    def _is_read(self, prompt: str) -> bool:
        """Whether a prompt can be taken over now; else it is being read."""
        try:
            texts = [part.text for part in parse(prompt)]
        except ValueError as error:
            raise InputError(str(error)) from None
        in_time = self._prompt is None or self._ctx.mode == "offline"
        if prompt == self._refused:
            return False
        if in_time or all(self.stream.knows(text) for text in texts):
            return True
        if self._reading is None:
            self._reading = Future()
            threading.Thread(target=self._read, args=(texts, self._reading), daemon=True).start()
        elif self._reading.done():
            reading, self._reading = self._reading, None
            try:
                reading.result()
            except DeviceMemoryError as error:
                self._ctx.say(f"{error}; the prompt before stays")
                self._refused = prompt
        return False

    def _read(self, texts: list[str], done: Future[None]) -> None:
        try:
            for text in texts:
                self.stream.learn(text)
            done.set_result(None)
        except Exception as error:
            done.set_exception(error)

    def paced(self, asked: int, target_fps: float, paint: Callable[[int], Pictures]) -> Pictures:
        """Paint a chunk in the steps that are `asked` for (0: the model's own), or as many of them as a target rate
        leaves time for.
        """
        wanted = asked or self.profile.steps
        before, steps = self._pace.steps, self._pace.allow(wanted, target_fps)
        if before and steps != before and target_fps:
            self._ctx.say(f"{steps} of {wanted} steps, to hold {target_fps:g} frames/s")
        began = time.perf_counter()
        painted = paint(steps)
        seconds = time.perf_counter() - began
        self._pace.took(seconds, self.stream.frames, wanted, target_fps)
        if self._threads is not None:
            self._threads.took(seconds, (steps, self.stream.setting.painted))
        return painted


def with_window_of(look: Look, profile: Profile) -> Profile:
    """The profile with the window that is asked for. `InputError` where it leaves no whole blocks beside the sink."""
    if not look.window:
        return profile
    try:
        Window(look.window, sink=profile.sink, block=profile.frames_per_block, mode=profile.rope)
    except ValueError as error:
        raise InputError(f"{profile.name}: {error}") from None
    return replace(profile, window=look.window)


def checked_profile(model: str, task: Task) -> Profile:
    """As `profile_for`, for a node: a wrong name is an `InputError`."""
    try:
        return profile_for(model, task)
    except ValueError as error:
        raise InputError(str(error)) from None


def strengths_of(look: Look) -> list[float]:
    """A strength per LoRA; those that are not said are 1."""
    missing = len(look.loras) - len(look.lora_scales)
    if missing < 0:
        raise InputError(f"{len(look.lora_scales)} lora_scales for {len(look.loras)} loras")
    return [*look.lora_scales, *[1.0] * missing]


def _lora_paths(look: Look) -> list[Path]:
    return [Path(path).expanduser() for path in look.loras]


def _ranks(look: Look, chosen: Chosen) -> int:
    """How many processes compute a chunk together."""
    if look.topology == "single":
        return 1
    from livegraph_wan.crew import ranks_for

    return ranks_for(chosen.name, look.world_size)


def _load(look: Look, profile: Profile, chosen: Chosen, ranks: int, vae: VaeName) -> Any:
    from livegraph_wan.known import embeddings_folder
    from livegraph_wan.load import Wanted, load

    wanted = Wanted(
        profile,
        checkpoint=Path(look.checkpoint).expanduser() if look.checkpoint else None,
        vae=vae,
        dtype=None if look.dtype == "auto" else look.dtype,
        quantise=look.quantise,
        loras=dict(zip(_lora_paths(look), strengths_of(look), strict=True)),
        batch=(look.steps or profile.steps) if look.stream_batch else 0,
        compiled=None if look.compile == "auto" else look.compile,
        overlap=overlaps(look.overlap, profile, look.topology),
        embeddings=embeddings_folder(),
    )
    if ranks == 1:
        return load(wanted, chosen.name)
    from livegraph_wan.crew import load_shared

    return load_shared(wanted, chosen.name, ranks)


def dominated(profile: Profile, dominance: float) -> tuple[float, int]:
    """Strength and steps for a `prompt_dominance` of 0 (the source rules) to 1 (the prompt rules): the strength goes
    from 0.2 to 0.95, the steps from one to about twice the model's own, where it takes more than one at all.
    """
    steps = 1 + round(dominance * 2 * (profile.steps - 1))
    return WEAKEST + (STRONGEST - WEAKEST) * dominance, min(steps, len(profile.timesteps))
