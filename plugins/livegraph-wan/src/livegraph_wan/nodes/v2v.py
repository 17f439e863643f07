"""wan.v2v."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from livegraph import Cadence, Frame, In, Param, Size, Video
from livegraph_wan.artist import dominated
from livegraph_wan.backend import Pictures
from livegraph_wan.choice import overlaps, profile_for, vae_of
from livegraph_wan.grid import FRAMES, MULTIPLE
from livegraph_wan.nodes.base import WanNode
from livegraph_wan.profile import WAN_NANO, Profile
from livegraph_wan.rhythm import RHYTHMS
from livegraph_wan.sampler import timesteps_from


class WanV2V(WanNode):
    """Repaint video after a prompt, four frames at a time.

    wan-nano, the model that comes with the plugin, knows sixteen looks (oil, watercolour, ink, halftone, mosaic,
    thermal, sepia, night, stone relief, pop art, neon, blueprint, gold, light trails, phosphor afterglow, and none) and
    runs on a CPU. Others are pulled: `livegraph models list`.
    """

    task = "v2v"
    video: In[Video]
    noise_scale: float = Param(0.8, ge=0, le=1, live=True, doc="strength: how far to leave the source behind")
    prompt_dominance: float | None = Param(
        None, ge=0, le=1, live=True, doc="how far the prompt may override the source; sets strength and steps as one"
    )
    motion_aware: Literal["auto", True, False] = Param(
        "auto", live=True, doc="whether motion takes some of the strength back; auto: as the model wants"
    )

    @classmethod
    def cadence_for(cls, params: Any) -> Cadence:
        """A block of the model; what comes later is the VAE's, the stream batch's and the overlap's doing."""
        profile = _planned_profile(params.model)
        chunk = FRAMES * profile.frames_per_block
        late = RHYTHMS[vae_of(profile, params.vae)].delay
        batch = (params.steps or profile.steps) if params.stream_batch else 1
        lag = overlaps(params.overlap, profile, params.topology)
        return Cadence(take=chunk, give=chunk, delay=late + chunk * (batch - 1 + lag))

    @classmethod
    def preferred_size(cls, params: Any) -> Size | None:
        return _planned_profile(params.model).size

    @classmethod
    def taken(cls, params: Any, profile: Profile, steps: int) -> int:
        """A strength may leave fewer, and `prompt_dominance` has a number of its own."""
        if params.prompt_dominance is not None:
            return len(timesteps_from(profile, *dominated(profile, params.prompt_dominance)))
        return len(timesteps_from(profile, params.noise_scale, steps))

    def setup(self) -> None:
        super().setup()
        self._size = (0, 0)

    def process(self, video: Sequence[Frame]) -> list[Any]:
        self._artist.follow(self.params)
        pictures = np.stack([frame.data for frame in video])
        self._size = pictures.shape[1:3]
        strength, asked = self._strength
        filled = padded(pictures)
        return self._cut(self._artist.paced(asked, self.target_fps, lambda steps: self._paint(filled, strength, steps)))

    def flush(self) -> list[Any]:
        return [picture for part in self._artist.stream.flush() for picture in self._cut(part)]

    def _paint_trial(self) -> object:
        width, height = self._artist.profile.size
        return self._artist.stream.step(np.zeros((self._artist.stream.frames, height, width, 3), np.uint8))

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


def _planned_profile(model: str) -> Profile:
    """For planning, where a wrong name counts as wan-nano's; `unavailable` says what is wrong with it."""
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
