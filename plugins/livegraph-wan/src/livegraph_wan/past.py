"""What one row of the cache remembers, and what it was computed from."""

from typing import NamedTuple

from torch import Tensor

from livegraph_wan.attention import RollingCache
from livegraph_wan.model import Prompt
from livegraph_wan.wan import Wan


class Pass(NamedTuple):
    """What keys and values come from: the first arguments of `Wan.velocity`."""

    x: Tensor
    beside: Tensor | None
    timesteps: Tensor


class Past:
    """One row of the cache.

    The sink adapts (StreamDiffusionV2): a frame of it that has become too unlike what is seen now gives way to it. Both
    are compared after a block, and the answer is read before the next, when it is there without waiting for the device.
    """

    def __init__(self, cache: RollingCache, row: int, threshold: float | None) -> None:
        self._cache, self._row, self._threshold = cache, row, threshold
        self._window = cache.windows[row]
        self._passes: dict[int, Pass] = {}
        """By the slot that each lies in."""
        self._likeness: Tensor | None = None

    def keep(self, given: Pass) -> None:
        """The newest block's keys and values come from `given`."""
        newest = self._window.slots()[-1]
        self._passes[newest] = given
        if self._threshold is not None and self._window.frames == self._window.window:
            likeness = self._cache.likeness(self._row, newest, list(range(self._window.sink)))
            self._likeness = likeness.to("cpu", non_blocking=True)

    def adapt(self) -> None:
        """Before a block: the sink frame least like the last one trades places with it, if it is too unlike."""
        likeness, self._likeness = self._likeness, None
        if likeness is None or self._threshold is None:
            return
        least, slot = likeness.min(0)
        if least < self._threshold:
            newest, oldest = self._window.slots()[-1], int(slot)
            self._cache.swap(self._row, newest, oldest)
            self._passes[newest], self._passes[oldest] = self._passes[oldest], self._passes[newest]

    def add(self, model: Wan, given: Pass, prompt: Prompt) -> None:
        """Compute keys and values of a block of the past, and keep them."""
        self._cache.begin_block(slice(self._row, self._row + 1))
        model.velocity(*given, prompt, self._cache)
        self._passes[self._window.slots()[-1]] = given

    def recache(self, model: Wan, prompt: Prompt) -> None:
        """Compute all of it again, from the same latents, under this prompt."""
        kept = [self._passes[slot] for slot in self._window.slots()]
        self._window.rewind()
        self._passes.clear()
        for given in kept:
            self.add(model, given, prompt)

    def forget(self) -> None:
        """Nothing has been seen."""
        self._window.reset()
        self._passes.clear()
        self._likeness = None
