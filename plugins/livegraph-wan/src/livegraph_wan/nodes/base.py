"""What the wan nodes share: the parameters that every mode has, and a model that follows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Literal

from livegraph import InputError, MemoryNeed, Node, Out, Param, Size, Video
from livegraph_wan.artist import Artist, with_window_of
from livegraph_wan.choice import BACKENDS, check_vae, profile_for
from livegraph_wan.foresee import needs
from livegraph_wan.ladder import fewer, found_for, ladder
from livegraph_wan.profile import PROFILES, Profile, Task
from livegraph_wan.quantise import Quantise, check_quantise

Backend = Literal["auto", "mlx", "torch", "torch-cuda", "torch-mps", "torch-cpu"]


class WanNode(Node):
    """A model that paints after a prompt. A mode adds its ports, its own parameters, and `_paint_trial`."""

    task: ClassVar[Task]
    out: Out[Video]
    prompt: str = Param(
        "an oil painting, thick brush strokes",
        live=True,
        doc="what the picture shall look like; several in weights: `ink on paper: 2 | neon: 1`",
    )
    transition: float = Param(0.0, ge=0, le=60, live=True, unit="s", doc="how long one prompt takes to become another")
    interpolation: Literal["linear", "slerp"] = Param("linear", live=True, doc="the way between prompts")
    steps: int = Param(0, ge=0, le=4, live=True, doc="denoising steps per chunk; 0: as the model wants (wan-nano: 1)")
    target_fps: float = Param(
        0.0, ge=0, live=True, unit="fps", doc="a rate to hold by taking fewer steps; 0: as it comes"
    )
    resolution: float = Param(
        1.0, ge=0.25, le=1, live=True, doc="share of width and height that is painted; what comes out is enlarged again"
    )
    seed: int = Param(0, ge=0, live=True, doc="of the noise")
    model: str = Param(
        "auto",
        doc="auto: the best here of those that were pulled; to repaint without a GPU, wan-nano. "
        f"There are {', '.join(PROFILES)}",
    )
    checkpoint: str = Param("", remote=False, doc="a file to load instead of what was pulled under the model's name")
    backend: Backend = Param("auto", doc="what computes; auto: the first of mlx, torch-cuda, torch-mps, torch-cpu")
    vae: Literal["auto", "nano", "taehv", "wan"] = Param("auto", doc="wan is the model's own, taehv many times faster")
    dtype: Literal["auto", "fp32", "bf16", "fp16"] = Param("auto", doc="numbers to compute in; auto: what is fast here")
    quantise: Quantise = Param(
        "none",
        doc="pack the transformer's weights: less memory, a little less exact; which works depends on the backend",
    )
    loras: tuple[str, ...] = Param((), remote=False, doc="LoRA files to lay over the model")
    lora_scales: tuple[float, ...] = Param((), live=True, doc="the strength of each LoRA; 1 where it is not said")
    window: int = Param(0, ge=0, le=64, doc="latent frames that are remembered; 0: as the model wants")
    stream_batch: bool = Param(False, doc="all steps in one pass: fewer launches, pictures come a chunk later per step")
    compile: Literal["auto", True, False] = Param(
        "auto",
        doc="compile the model for the shapes that occur: a minute at the start; auto: on an NVIDIA GPU, and by MLX",
    )
    overlap: Literal["auto", True, False] = Param(
        "auto",
        doc="encode, denoise and draw beside each other: faster, pictures come a chunk later; "
        "auto: where there is a GPU, but not for wan-nano",
    )
    topology: Literal["single", "distributed"] = Param(
        "single", doc="distributed: several processes compute every chunk together, one per GPU"
    )
    world_size: int = Param(0, ge=0, doc="how many processes where it is distributed; 0: one per GPU")

    step_down: bool = Param(
        True,
        doc="when memory runs out, go on with less: TAEHV, a smaller window, fewer pixels; else stop with the figures",
    )

    @classmethod
    def memory_for(cls, params: Any, size: Size | None) -> Sequence[MemoryNeed]:
        try:
            profile = with_window_of(params, profile_for(params.model, cls.task))
            check_vae(profile, params.vae)
        except (ValueError, InputError):  # `setup` says what is wrong with it
            return ()
        return needs(params, profile, cls.planned_size(params, profile, size))

    @classmethod
    def ladder_for(cls, params: Any) -> Sequence[Mapping[str, Any]]:
        """Fewer steps, then fewer pixels, then TAEHV; see `ladder`. Steps are left alone where `target_fps` decides on
        them, or a stream batch is made for as many.
        """
        found = found_for(params.model, cls.task, params.vae)
        if found is None:
            return ()
        profile = found.profile
        steps = fewer(params.steps or profile.steps, partial(cls.passes, params, profile))
        settled = params.target_fps or params.stream_batch
        return tuple(ladder(params, () if settled else steps, taehv=found.taehv))

    @classmethod
    def passes(cls, params: Any, profile: Profile, steps: int) -> int:
        """How often the transformer runs per chunk where so many steps are asked for."""
        window = params.window or profile.window
        again = window // profile.frames_per_block - 1 if profile.recompute else 0
        return cls.taken(params, profile, steps) + profile.clean_refresh + again

    @classmethod
    def taken(cls, params: Any, profile: Profile, steps: int) -> int:
        """How many steps are taken of those that are asked for."""
        return min(steps, len(profile.timesteps))

    @classmethod
    def planned_size(cls, params: Any, profile: Profile, arriving: Size | None) -> Size:
        """Of the pictures that will be painted."""
        return arriving or profile.size

    @classmethod
    def unavailable(cls, params: Any) -> str | None:
        """Why no model that is here can do it, or why the VAE or the backend that is asked for cannot."""
        try:
            check_vae(profile_for(params.model, cls.task), params.vae)
            if params.backend in BACKENDS:  # others are found when a model is set up
                check_quantise(params.quantise, params.backend)
        except (ValueError, InputError) as error:
            return str(error)
        return None

    def setup(self) -> None:
        self._artist = Artist(self.params, self.ctx, self.task)
        self._artist.follow(self.params)

    def warm_up(self) -> None:
        """Run at the preferred size, and find out how many threads are best here and now."""
        self._artist.warm_up(self._paint_trial)

    def reset(self) -> None:
        self._artist.stream.reset()

    def teardown(self) -> None:
        if hasattr(self, "_artist"):  # a setup that failed has closed what it opened
            self._artist.close()

    def status(self) -> Mapping[str, Any]:
        return self._artist.status()

    def _paint_trial(self) -> object:
        """A chunk as large as they will probably be, of nothing."""
        raise NotImplementedError(f"{type(self).__name__}._paint_trial")
