"""The noise that blocks are painted from, drawn on the host, so that all devices agree."""

from collections.abc import Sequence
from typing import Generic

import numpy as np

from livegraph_wan.backend import A, Backend, P
from livegraph_wan.grid import CHANNELS, STRIDE
from livegraph_wan.profile import Profile


class Noise(Generic[A, P]):
    """Of one picture size at a time; `forget` comes before another."""

    def __init__(self, backend: Backend[A, P], profile: Profile) -> None:
        self._backend, self._profile = backend, profile
        self._drawn: tuple[tuple[int, int], Sequence[A]] | None = None

    def of(self, size: tuple[int, int], seed: int, number: int) -> Sequence[A]:
        """For every step of the stream's block of that number, in pictures of `size` (height, width)."""
        key = (seed, 0 if self._profile.noise == "fixed" else number)
        if self._drawn is None or self._drawn[0] != key:
            height, width = (side // STRIDE for side in size)
            profile = self._profile
            shape = (len(profile.timesteps) + 1, 1, CHANNELS, profile.frames_per_block, height, width)
            generator = np.random.Generator(np.random.Philox(key=[key[0] % (1 << 64), key[1]]))
            self._drawn = (key, self._backend.upload(generator.standard_normal(shape, np.float32)))
        return self._drawn[1]

    def forget(self) -> None:
        self._drawn = None
