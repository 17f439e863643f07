"""What a stream will hold on its device: the formulas of `cost` and `vae.memory`, put together for one setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from livegraph_wan import cost
from livegraph_wan.grid import FRAMES, MULTIPLE, RGB
from livegraph_wan.nano.words import BUCKETS, WIDTH
from livegraph_wan.profile import Profile, VaeName
from livegraph_wan.recordings import kept_by_recordings
from livegraph_wan.vae.memory import vae_memory

ITEMSIZES = {"fp32": 4, "bf16": 2, "fp16": 2}
PORTION = 3
"""Latent frames that a VAE handles at once, at most."""
LEAST_SIDE = 64
"""Pictures are not made smaller than this, pixels."""


@dataclass(frozen=True)
class Setting:
    """What decides how much a stream holds. Its window is the profile's."""

    profile: Profile
    vae: VaeName
    size: tuple[int, int]
    """Width and height of the pictures that are wanted."""
    itemsize: int
    """Bytes of a number."""
    rows: int = 1
    """Of a stream batch."""
    loras: int = 0
    """Bytes of LoRAs that are kept beside the weights."""
    image_encoder: int = 0
    """Bytes of what an I2V model reads its still with."""
    packed: int = 0
    """Bits of a weight in the blocks' matrices, where they are packed."""
    apart: bool = False
    """Whether encoding, denoising and drawing run beside each other, each with memory of its own to work in."""
    recorded: bool = False
    """Whether passes are recorded as CUDA graphs, which keep theirs apart as well, and more (see `recordings`)."""
    scale: float = 1.0
    """What the sides are multiplied with to paint fewer pixels, as far as memory says."""
    resolution: float = 1.0
    """The same, as it is asked for."""

    @property
    def lower(self) -> float:
        """Which of both holds."""
        return min(self.scale, self.resolution)

    @property
    def painted(self) -> tuple[int, int]:
        """Width and height that it paints at, multiples of 16."""
        width, height = self.size
        return _scaled(width, self.lower), _scaled(height, self.lower)

    @cached_property
    def parts(self) -> Mapping[str, int]:
        """Bytes by what they are for. The stages of a chunk run one after another, so that of their working memories
        the largest counts, unless they are kept apart.
        """
        transformer = cost.memory(self.profile, self.painted, self.itemsize, self.rows)
        vae = vae_memory(self.vae, self.painted, self.itemsize, self._portion)
        works = transformer.work, vae.encode + self._pictures, vae.decode
        work = sum(works) if self.apart or self.recorded else max(works)
        parts = {
            "weights": transformer.weights - self._saved_by_packing + vae.weights + self._words,
            "LoRAs": self.loras,
            "image encoder": self.image_encoder,
            "cache": transformer.cache,
            "stream": transformer.stream + vae.state,
            "recordings": self._recordings,
            "work": work,
        }
        return {name: held for name, held in parts.items() if held}

    @property
    def total(self) -> int:
        return sum(self.parts.values())

    @property
    def beside_weights(self) -> int:
        """What is made anew where the setting changes."""
        return self.total - self.parts["weights"] - self.loras - self.image_encoder

    @property
    def _portion(self) -> int:
        return min(self.profile.frames_per_block, PORTION)

    @property
    def _recordings(self) -> int:
        if not self.recorded:
            return 0
        return kept_by_recordings(self.profile, self.painted, self.itemsize, self.rows, self._portion)

    @property
    def _pictures(self) -> int:
        """A chunk on its way to the encoder: as it came, and as the model computes."""
        width, height = self.painted
        numbers = width * height * RGB * FRAMES * self._portion
        return numbers * (1 + self.itemsize)

    @property
    def _saved_by_packing(self) -> int:
        """64 packed weights share a scale and an offset of 16 bits."""
        if not self.packed:
            return 0
        bits = 8 * self.itemsize - self.packed - 32 / 64
        return round(cost.linear_parameters(self.profile.architecture) * bits / 8)

    @property
    def _words(self) -> int:
        """wan-nano's text encoder lies with it; the others' is read apart."""
        return (BUCKETS + 1) * WIDTH * self.itemsize if self.profile.vae == "nano" else 0


def _scaled(side: int, scale: float) -> int:
    """The side itself, filled up to a multiple of 16; scaled, a lower one, but not below `LEAST_SIDE`."""
    whole = -(-side // MULTIPLE) * MULTIPLE
    return whole if scale == 1 else min(whole, max(LEAST_SIDE, int(side * scale) // MULTIPLE * MULTIPLE))
