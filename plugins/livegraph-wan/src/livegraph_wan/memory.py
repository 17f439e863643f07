"""What a stream will hold on its device: the formulas of `cost` and `vae.memory`, put together for one setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from livegraph_wan import cost
from livegraph_wan.grid import FRAMES
from livegraph_wan.profile import Profile, VaeName
from livegraph_wan.vae.memory import RGB, vae_memory

ITEMSIZES = {"fp32": 4, "bf16": 2, "fp16": 2}


@dataclass(frozen=True)
class Setting:
    """What decides how much a stream holds. Its window is the profile's."""

    profile: Profile
    vae: VaeName
    size: tuple[int, int]
    """Width and height that it paints at."""
    itemsize: int
    """Bytes of a number."""
    rows: int = 1
    """Of a stream batch."""
    loras: int = 0
    """Bytes of LoRAs that are kept beside the weights."""

    @cached_property
    def parts(self) -> Mapping[str, int]:
        """Bytes by what they are for. The parts of a chunk run one after another, so that of their working memories
        the largest counts.
        """
        profile = self.profile
        transformer = cost.memory(profile, self.size, self.itemsize, self.rows)
        vae = vae_memory(self.vae, self.size, self.itemsize, profile.frames_per_block)
        work = max(transformer.work, vae.encode + self._pictures, vae.decode)
        parts = {
            "weights": transformer.weights + vae.weights,
            "LoRAs": self.loras,
            "cache": transformer.cache,
            "stream": transformer.stream + vae.state,
            "work": work,
        }
        return {name: held for name, held in parts.items() if held}

    @property
    def total(self) -> int:
        return sum(self.parts.values())

    @property
    def beside_weights(self) -> int:
        """What is made anew where the setting changes."""
        return self.total - self.parts["weights"] - self.loras

    @property
    def _pictures(self) -> int:
        """A chunk on its way to the encoder: as it came, in fp32, and as the model computes."""
        numbers = self.size[0] * self.size[1] * RGB * FRAMES * self.profile.frames_per_block
        return numbers * (1 + 4 + (self.itemsize if self.itemsize < 4 else 0))
