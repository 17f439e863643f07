"""The answers that a node still owes, where it declares a `delay`. Pure logic."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from livegraph.frame import Frame
from livegraph.node import Cadence


class Lookahead:
    """The inputs that have been in a call, and whose answers come with later ones or from `flush`."""

    __slots__ = ("_cadence", "_owed")

    def __init__(self, cadence: Cadence) -> None:
        self._cadence = cadence
        self._owed: deque[Frame] = deque()

    def __len__(self) -> int:
        return len(self._owed)

    @property
    def first_ns(self) -> int:
        """The pts of the first input without an answer."""
        return self._owed[0].pts_ns

    def answered(self, fresh: Sequence[Frame]) -> list[Frame]:
        """The inputs that the answer to a call with `fresh` belongs to: those of `delay` frames ago. What a chunk was
        filled up with pushes out as many of them as real frames do.
        """
        take, delay = self._cadence.take, self._cadence.delay
        self._owed.extend(fresh)
        given = len(self._owed) + take - len(fresh)
        ready = max(0, min(take, given - delay, len(self._owed)))
        return [self._owed.popleft() for _ in range(ready)]

    def empty(self) -> list[Frame]:
        """All that are left; none is owed any more."""
        owed = list(self._owed)
        self._owed.clear()
        return owed
