"""Random numbers for a prompt, where a model has no text encoder because its weights are random too."""

from __future__ import annotations

import zlib

import numpy as np

from livegraph_wan.backend import Embedding
from livegraph_wan.profile import Architecture


class RandomText:
    """Each prompt has an embedding of its own, and is known at once."""

    def __init__(self, config: Architecture) -> None:
        self._shape = (1, config.text_len, config.text_dim)

    def embedding(self, prompt: str) -> Embedding:
        """`[1, text_len, text_dim]`, the same for the same prompt."""
        return np.random.default_rng(zlib.crc32(prompt.encode())).standard_normal(self._shape, np.float32)

    def knows(self, prompt: str) -> bool:
        return True

    def release(self) -> None:
        """Nothing is held that could be had again."""
