"""What frames come through before they reach a node: how far apart they then are, and what is still on its way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livegraph.runtime.worker import Worker


class Way:
    """The nodes before one. `feeder`: the one that its primary comes from, None where that is a source; `before`: all.

    Plain numbers, asked anew each time: a node that is rebuilt may take other chunks than it did.
    """

    def __init__(self, feeder: Worker | None = None, before: Sequence[Worker] = ()) -> None:
        self._feeder = feeder
        self._before = before

    @property
    def stride(self) -> float:
        """Source periods from one frame to the next, where none is missing."""
        feeder = self._feeder
        return 1.0 if feeder is None else feeder.way.stride * feeder.cadence.take / feeder.cadence.give

    @property
    def coming(self) -> int:
        """Frames of the primary that lie before nodes on the way, or are in work there."""
        feeder = self._feeder
        return 0 if feeder is None else feeder.in_hand + feeder.way.coming

    def is_at(self, take: int) -> bool:
        """Whether nodes before are at work on a chunk of `take` frames that they need several calls for."""
        span = take * self.stride
        larger = all(span > worker.cadence.take * worker.way.stride for worker in self._before)
        return larger and any(worker.in_hand for worker in self._before)
