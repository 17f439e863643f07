"""How many pictures are due, so that what comes out keeps its time whatever happens to the stream that makes them."""

import numpy as np

from livegraph_wan.backend import Pictures


class Owed:
    """The nth picture out is for the nth in, `delay` pictures later. Where a stream that began anew gives too few, its
    last picture stands still in between.
    """

    def __init__(self, delay: int) -> None:
        self._delay = delay
        self.forget()

    def forget(self) -> None:
        """A new stream begins."""
        self._taken = self._given = 0
        self._last: Pictures | None = None

    def settle(self, painted: Pictures, taken: Pictures) -> Pictures:
        """What to give for the pictures `taken`, `painted` being what has come."""
        self._taken += len(taken)
        due = max(0, self._taken - self._delay) - self._given
        missing = due - len(painted)
        if missing > 0:
            painted = np.concatenate([self._standing(missing, painted, taken), painted])
        return self._give(painted[:due])

    def last_ones(self, painted: Pictures) -> Pictures:
        """Of what a flush brings those that are owed."""
        return self._give(painted[: self._taken - self._given])

    def rest(self) -> Pictures:
        """What is owed and does not come any more."""
        owed = self._taken - self._given
        if self._last is None or not owed:
            return np.empty((0, 0, 0, 3), np.uint8)
        return self._give(np.repeat(self._last, owed, 0))

    def _standing(self, count: int, painted: Pictures, taken: Pictures) -> Pictures:
        same = self._last is not None and self._last.shape[1:] == taken.shape[1:]
        still = self._last if same else painted[:1] if len(painted) else taken[:1]
        assert still is not None
        return np.repeat(still, count, 0)

    def _give(self, painted: Pictures) -> Pictures:
        self._given += len(painted)
        if len(painted):
            self._last = painted[-1:].copy()
        return painted
