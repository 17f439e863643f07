"""What one row of the cache remembers, and what it was computed from."""

from typing import Generic

from livegraph_wan.backend import A, P, Pass, Reading, Runner


class Past(Generic[A, P]):
    """One row of the cache.

    The sink adapts (StreamDiffusionV2): a frame of it that has become too unlike what is seen now gives way to it. Both
    are compared after a block, and the answer is read before the next, when it is there without waiting for the device.
    """

    def __init__(self, runner: Runner[A, P], row: int, threshold: float | None) -> None:
        self._runner, self._row, self._threshold = runner, row, threshold
        self._window = runner.windows[row]
        self._passes: dict[int, Pass[A]] = {}
        """By the slot that each lies in."""
        self._likeness: Reading | None = None

    @property
    def passes(self) -> list[Pass[A]]:
        """What is remembered comes from these, oldest first."""
        return [self._passes[slot] for slot in self._window.slots()]

    def keep(self, given: Pass[A]) -> None:
        """The newest block's keys and values come from `given`."""
        newest = self._window.slots()[-1]
        self._passes[newest] = given
        if self._threshold is not None and self._window.frames == self._window.window:
            self._likeness = self._runner.likeness(self._row, newest, list(range(self._window.sink)))

    def adapt(self) -> None:
        """Before a block: the sink frame least like the last one trades places with it, if it is too unlike."""
        reading, self._likeness = self._likeness, None
        if reading is None or self._threshold is None:
            return
        likeness: list[float] = reading.tolist()
        if min(likeness) < self._threshold:
            newest, oldest = self._window.slots()[-1], likeness.index(min(likeness))
            self._runner.swap(self._row, newest, oldest)
            self._passes[newest], self._passes[oldest] = self._passes[oldest], self._passes[newest]

    def add(self, given: Pass[A], prompt: P) -> None:
        """Compute keys and values of a block of the past, and keep them."""
        self._runner.begin_block(slice(self._row, self._row + 1))
        self._runner.velocity(given, prompt)
        self._passes[self._window.slots()[-1]] = given

    def recache(self, prompt: P) -> None:
        """Compute all of it again, from the same latents, under this prompt."""
        kept = self.passes
        self._window.rewind()
        self._passes.clear()
        for given in kept:
            self.add(given, prompt)

    def forget(self) -> None:
        """Nothing has been seen."""
        self._window.reset()
        self._passes.clear()
        self._likeness = None
