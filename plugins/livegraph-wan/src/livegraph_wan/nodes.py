"""wan.v2v."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from livegraph import Cadence, Frame, In, Node, Out, Param, Size, Video
from livegraph_wan.artist import Artist, checked_profile, dominated
from livegraph_wan.choice import profile_for, vae_of
from livegraph_wan.grid import FRAMES, MULTIPLE
from livegraph_wan.profile import PROFILES, WAN_NANO, Profile
from livegraph_wan.rhythm import RHYTHMS

Pictures = np.ndarray[Any, np.dtype[np.uint8]]
Backend = Literal["auto", "mlx", "torch", "torch-cuda", "torch-mps", "torch-cpu"]


class WanV2V(Node):
    """Repaint video after a prompt, four frames at a time.

    wan-nano, the model that comes with the plugin, knows sixteen looks (oil, watercolour, ink, halftone, mosaic,
    thermal, sepia, night, stone relief, pop art, neon, blueprint, gold, light trails, phosphor afterglow, and none) and
    runs on a CPU. Others are pulled: `livegraph models list`.
    """

    video: In[Video]
    out: Out[Video]
    prompt: str = Param(
        "an oil painting, thick brush strokes",
        live=True,
        doc="what the picture shall look like; several in weights: `ink on paper: 2 | neon: 1`",
    )
    transition: float = Param(0.0, ge=0, le=60, live=True, unit="s", doc="how long one prompt takes to become another")
    interpolation: Literal["linear", "slerp"] = Param("linear", live=True, doc="the way between prompts")
    noise_scale: float = Param(0.8, ge=0, le=1, live=True, doc="strength: how far to leave the source behind")
    prompt_dominance: float | None = Param(
        None, ge=0, le=1, live=True, doc="how far the prompt may override the source; sets strength and steps as one"
    )
    steps: int = Param(0, ge=0, le=4, live=True, doc="denoising steps per chunk; 0: as the model wants (wan-nano: 1)")
    target_fps: float = Param(
        0.0, ge=0, live=True, unit="fps", doc="a rate to hold by taking fewer steps; 0: as it comes"
    )
    motion_aware: Literal["auto", True, False] = Param(
        "auto", live=True, doc="whether motion takes some of the strength back; auto: as the model wants"
    )
    seed: int = Param(0, ge=0, live=True, doc="of the noise")
    model: str = Param(
        "auto", doc=f"auto: one that was pulled, where there is a GPU, else wan-nano. There are {', '.join(PROFILES)}"
    )
    checkpoint: str = Param("", remote=False, doc="a file to load instead of what was pulled under the model's name")
    backend: Backend = Param("auto", doc="what computes; auto: the first of mlx, torch-cuda, torch-mps, torch-cpu")
    vae: Literal["auto", "nano", "taehv", "wan"] = Param("auto", doc="wan is the model's own, taehv many times faster")
    dtype: Literal["auto", "fp32", "bf16", "fp16"] = Param("auto", doc="numbers to compute in; auto: what is fast here")
    loras: tuple[str, ...] = Param((), remote=False, doc="LoRA files to lay over the model")
    lora_scales: tuple[float, ...] = Param((), live=True, doc="the strength of each LoRA; 1 where it is not said")
    stream_batch: bool = Param(False, doc="all steps in one pass: fewer launches, pictures come a chunk later per step")

    @classmethod
    def cadence_for(cls, params: Any) -> Cadence:
        """A block of the model; what comes later is the VAE's and the stream batch's doing."""
        profile = _profile_or_nano(params.model)
        chunk = FRAMES * profile.frames_per_block
        late = RHYTHMS[vae_of(profile, params.vae)].delay
        batch = (params.steps or profile.steps) if params.stream_batch else 1
        return Cadence(take=chunk, give=chunk, delay=late + chunk * (batch - 1))

    @classmethod
    def preferred_size(cls, params: Any) -> Size | None:
        return _profile_or_nano(params.model).size

    def setup(self) -> None:
        checked_profile(self.model)
        self._size = (0, 0)
        self._artist = Artist(self.params, self.ctx)
        self._artist.follow(self.params)

    def warm_up(self) -> None:
        """Run at the preferred size, and find out how many threads are best here and now."""
        width, height = self._artist.profile.size
        blank = np.zeros((self._artist.stream.frames, height, width, 3), np.uint8)
        with self._artist.memory():
            self._artist.stream.step(blank)
            if self._artist.chosen.name == "torch-cpu":
                from livegraph_wan.device import choose_threads

                choose_threads(lambda: self._artist.stream.step(blank))
        self._artist.stream.reset()

    def process(self, video: Sequence[Frame]) -> list[Any]:
        self._artist.follow(self.params)
        pictures = np.stack([frame.data for frame in video])
        self._size = pictures.shape[1:3]
        strength, asked = self._strength
        filled = padded(pictures)
        return self._cut(self._artist.paced(asked, self.target_fps, lambda steps: self._paint(filled, strength, steps)))

    def flush(self) -> list[Any]:
        return [picture for part in self._artist.stream.flush() for picture in self._cut(part)]

    def reset(self) -> None:
        self._artist.stream.reset()

    def _paint(self, pictures: Pictures, strength: float, steps: int) -> Pictures:
        return self._artist.stream.step(
            pictures,
            noise_scale=strength,
            steps=steps,
            seed=self.seed,
            motion_aware=None if self.motion_aware == "auto" else self.motion_aware,
        )

    @property
    def _strength(self) -> tuple[float, int]:
        """How strong, and in how many steps (0: as the model wants)."""
        if self.prompt_dominance is not None:
            return dominated(self._artist.profile, self.prompt_dominance)
        return self.noise_scale, self.steps

    def _cut(self, painted: Pictures) -> list[Any]:
        height, width = self._size
        return [picture[:height, :width] for picture in painted]


def _profile_or_nano(model: str) -> Profile:
    """For planning; `setup` says what is wrong with a name."""
    try:
        return profile_for(model)
    except ValueError:
        return WAN_NANO


def padded(pictures: Pictures) -> Pictures:
    """Continue the right and lower borders of `[T, H, W, 3]` up to multiples of 16."""
    missing = [-side % MULTIPLE for side in pictures.shape[1:3]]
    if not any(missing):
        return pictures
    return np.pad(pictures, ((0, 0), (0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
