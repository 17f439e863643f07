"""What travels on an edge: Frame, Gap and EndOfStream; and the Ticket that follows a frame through the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

NO_META: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One moment of a stream. Immutable: fan-out shares one reference, and NumPy payloads are made read-only.

    `pts_ns` is the presentation time on the stream's own timeline, `captured_ns` the clock's time at capture (ages are
    measured from it), `seq` counts the source's reads, `duration_ns` is 0 where unknown. `discontinuity` marks the
    first frame after a jump (a loop, a seek, a reopened camera): nodes are reset before they see it.
    """

    pts_ns: int
    seq: int = 0
    duration_ns: int = 0
    captured_ns: int = 0
    data: Any = None
    meta: Mapping[str, Any] = field(default_factory=lambda: NO_META)
    discontinuity: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.data, np.ndarray):
            self.data.setflags(write=False)

    def with_data(self, data: Any, **meta: Any) -> Frame:
        """The same moment with another payload; `meta` adds to what is known of it."""
        return replace(self, data=data, meta={**self.meta, **meta} if meta else self.meta)


@dataclass(frozen=True, slots=True)
class Gap:
    """A bound: nothing at or before `pts_ns` will follow here. At a sink, the last picture stays."""

    pts_ns: int


@dataclass(frozen=True, slots=True)
class EndOfStream:
    """Nothing follows here, ever."""


class Ticket:
    """Counts the frames that one source frame has become and that are still work.

    `put` on an attached edge holds it once; the holder releases it once. At zero it settles, once, and its credit
    goes home. Loop thread only.
    """

    __slots__ = ("_on_settle", "count", "seq", "settled")

    def __init__(self, seq: int, on_settle: Callable[[Ticket], None]) -> None:
        self.seq = seq
        self.count = 1
        self.settled = False
        self._on_settle = on_settle

    def hold(self, times: int = 1) -> None:
        if self.settled:
            raise AssertionError(f"ticket {self.seq} is held after it settled")
        self.count += times

    def release(self) -> None:
        self.count -= 1
        if self.count == 0:
            self.settled = True
            self._on_settle(self)
        elif self.count < 0:
            raise AssertionError(f"ticket {self.seq} is released more often than held")
