"""A model at a size, with all that a figure of it depends on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from livegraph import Figure, InputError, ModelError
from livegraph_wan.bench.clock import Cpu, timed
from livegraph_wan.bench.options import ENGINE, Asked
from livegraph_wan.choice import check_vae, choose_backend, vae_of
from livegraph_wan.cost import flops
from livegraph_wan.profile import PROFILES, WAN_NANO, Profile, VaeName
from livegraph_wan.sampler import from_source

if TYPE_CHECKING:
    from livegraph_wan.engine import Engine

LONG_S = 2.0
PROMPT = "an oil painting, thick brush strokes"


@dataclass(frozen=True)
class Case:
    """What is measured. `backend` is one of `choice.BACKENDS`; `size` is width and height."""

    profile: Profile
    size: tuple[int, int]
    steps: int
    vae: VaeName
    dtype: str
    backend: str
    random: bool
    overlap: bool
    fps_bar: float | None = None
    """Frames per second that it has to reach."""

    def __str__(self) -> str:
        return f"{self.profile.name} {'x'.join(map(str, self.size))} on {self.backend}"

    @property
    def setting(self) -> dict[str, str | int]:
        """Stands in every figure."""
        return {
            "profile": self.profile.name,
            "size": "x".join(map(str, self.size)),
            "steps": self.steps,
            "window": self.profile.window,
            "vae": self.vae,
            "dtype": self.dtype,
            "backend": self.backend,
            "weights": "random" if self.random else "trained",
            "stages": "overlapped" if self.overlap else "in turn",
        }

    @property
    def passes(self) -> int:
        """How often the transformer runs per chunk, at the profile's strength and with the window full."""
        profile = self.profile
        steps = len(from_source(profile, profile.noise_scale, self.steps).timesteps)
        again = profile.window // profile.frames_per_block - 1 if profile.recompute else 0
        return steps + profile.clean_refresh + again

    @property
    def chunk_flops(self) -> int:
        """Operations of one chunk: what the transformer and the VAE compute by formula."""
        from livegraph_wan.random_weights import make_vae

        width, height = self.size
        vae = make_vae(self.profile, self.vae).flops(height, width)
        return self.passes * flops(self.profile, self.size) + self.profile.frames_per_block * sum(vae)

    def figure(self, part: str, name: str, value: float, unit: str, **more: Any) -> Figure:
        """One of this case's."""
        setting = self.setting | (self._threads if part in (*ENGINE, "ladder") else {})
        return Figure(name, value, unit, part=part, setting=setting, **more)

    @property
    def _threads(self) -> dict[str, str | int]:
        """On a CPU: how many compute, now and in this process."""
        if self.backend != "torch-cpu":
            return {}
        import torch

        return {"threads": torch.get_num_threads()}


def case_of(asked: Asked) -> Case:
    """What was asked for, the rest as it is by default. Raises `InputError` where that cannot be here."""
    profile = _windowed(PROFILES[asked.profile or WAN_NANO.name], asked.window)
    steps = asked.steps or profile.steps
    if steps > len(profile.timesteps):
        raise InputError(f"{profile.name} has {len(profile.timesteps)} steps at most, not {steps}")
    backend = choose_backend(asked.backend or "auto", cpu=False).name
    vae = asked.vae or (profile.vae if asked.random_weights else vae_of(profile, "auto"))
    check_vae(profile, vae)
    dtype = asked.dtype or _fast_dtype(backend)
    overlap = asked.overlap or (backend != "torch-cpu" and vae != "nano")
    return Case(profile, asked.size or profile.size, steps, vae, dtype, backend, asked.random_weights, overlap)


def _windowed(profile: Profile, window: int | None) -> Profile:
    if window is None:
        return profile
    if window < profile.frames_per_block or window % profile.frames_per_block:
        raise InputError(f"{profile.name} has a window of a multiple of {profile.frames_per_block}, not {window}")
    return replace(profile, window=window, sink=min(profile.sink, window - profile.frames_per_block))


def _fast_dtype(backend: str) -> str:
    if backend == "mlx":
        return "bf16"
    from livegraph_wan.device import fast_dtype
    from livegraph_wan.load import DTYPES

    wanted = fast_dtype(backend.removeprefix("torch-"))
    return next(name for name, dtype in DTYPES.items() if dtype == wanted)


def open_stream(case: Case, prompt: str = PROMPT) -> Engine[Any, Any]:
    """The model as a stream, under a prompt. Raises `InputError` for what was not pulled."""
    from livegraph_wan.load import Wanted, load

    wanted = Wanted(case.profile, vae=case.vae, dtype=case.dtype, overlap=case.overlap, random=case.random)
    try:
        stream = load(wanted, case.backend).stream
    except ModelError as error:
        raise InputError(f"{error} Or measure random numbers of its true size: --random-weights") from error
    stream.set_prompt(prompt)
    return stream


def tune(case: Case, work: Callable[[], object]) -> None:
    """On a CPU: as many threads as make this work fastest here and now, as the node does; all for what takes long."""
    if case.backend != "torch-cpu":
        return
    work()
    if timed(work, Cpu()) < LONG_S:
        from livegraph_wan.device import choose_threads

        choose_threads(work)
