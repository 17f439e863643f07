"""How many steps a chunk may take for the stream to keep a rate. Pure logic."""

from collections import deque
from statistics import median

LOOKS = 5
"""Chunks whose times are looked at; of them the median counts."""
CALM = 20
"""Chunks that must have been quick before one step more is tried."""
MARGIN = 0.85
"""Share of the time that one step more may fill, by what a step is seen to cost."""


class Pace:
    """Steps per chunk, between one and what is asked for, that hold `target_fps`: fewer at once, more with patience.

    A chunk is timed as a whole, so what a step costs is a share of it; what the VAE takes is learnt from chunks of
    different numbers of steps.
    """

    def __init__(self) -> None:
        self.steps = 0
        """What the last chunk was allowed; 0 before the first."""
        self._times: deque[float] = deque(maxlen=LOOKS)
        self._calm = 0
        self._wanted = 0

    def allow(self, wanted: int, target_fps: float) -> int:
        """Steps for the next chunk. A target of 0 is no target."""
        if target_fps <= 0 or wanted != self._wanted:  # what is asked for anew is tried at once
            self._set(wanted)
        self._wanted = wanted
        return self.steps

    def took(self, seconds: float, frames: int, wanted: int, target_fps: float) -> None:
        """The last chunk of `frames` took so long."""
        self._times.append(seconds)
        if target_fps <= 0 or len(self._times) < LOOKS:
            return
        due, typical = frames / target_fps, median(self._times)
        if typical > due and self.steps > 1:
            self._set(self.steps - 1)
        elif self.steps < wanted and typical * (self.steps + 1) / self.steps < MARGIN * due:
            self._calm += 1
            if self._calm >= CALM:
                self._set(self.steps + 1)
        else:
            self._calm = 0

    def _set(self, steps: int) -> None:
        if steps != self.steps:
            self.steps = steps
            self._times.clear()
            self._calm = 0
