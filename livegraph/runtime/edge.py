"""Buffering: one wire between two workers. Plain data; waiting is the workers' business.

A Gap needs no place in the queue: it only raises `bound`, the pts at or before which nothing more will come.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from livegraph.frame import Frame, Ticket
from livegraph.graph.plan import EdgePlan

NEVER = -(1 << 62)
"""A pts before every pts."""


class Entry(NamedTuple):
    """A frame on an edge, the tickets that it holds there, and when it was put (clock time, 0 without a trace)."""

    frame: Frame
    tickets: Sequence[Ticket]
    put_ns: int


class EdgeStatistics(NamedTuple):
    policy: str
    capacity: int
    """Frames; 0: bounded by the gate's credits."""
    length: int
    high_water: int
    dropped: dict[str, int]


class Waker(Protocol):
    def set(self) -> None: ...


class Edge:
    """A wire. Live, an attached edge never blocks (credits bound it) and a detached one drops; offline, `full` asks its
    producer to wait, and only lossless policies exist. Detached edges and histories carry no tickets.
    """

    __slots__ = (
        "_bytes",
        "bound",
        "capacity",
        "carries",
        "closed",
        "consumer",
        "dropped",
        "ended",
        "entries",
        "high_water",
        "live",
        "lossy",
        "plan",
        "producer",
        "shed_ns",
    )

    def __init__(self, plan: EdgePlan, live: bool, producer: Waker, consumer: Waker) -> None:
        self.plan = plan
        self.live = live
        self.producer = producer
        self.consumer = consumer
        self.entries: deque[Entry] = deque()
        self.bound = NEVER
        self.shed_ns = NEVER
        """The pts of the last frame that was dropped here for want of room."""
        self.ended = False
        self.closed = False
        self.high_water = 0
        self.dropped: Counter[str] = Counter()
        self.carries = plan.policy == "attached"
        self.lossy = live and not self.carries
        self.capacity = 1 if plan.policy == "latest" else plan.capacity
        self._bytes = 0

    def put(self, frame: Frame, tickets: Sequence[Ticket], now_ns: int) -> None:
        """Add a frame, whose pts is above the bound. On an attached edge each of its tickets is held once more."""
        self.bound = frame.pts_ns
        if self.closed:
            return
        if not self.carries:
            tickets = ()
        for ticket in tickets:
            ticket.hold()
        self.entries.append(Entry(frame, tickets, now_ns))
        if self.lossy:
            self._shed(frame)
        if len(self.entries) > self.high_water:
            self.high_water = len(self.entries)
        self.consumer.set()

    def advance(self, pts_ns: int) -> None:
        """A Gap: nothing at or before `pts_ns` will follow."""
        if pts_ns > self.bound:
            self.bound = pts_ns
            if not self.closed:
                self.consumer.set()

    def end(self) -> None:
        """Nothing will follow."""
        if not self.ended:
            self.ended = True
            self.consumer.set()

    def pop(self) -> Entry:
        """Take the oldest frame; its tickets are the taker's now."""
        entry = self.entries.popleft()
        if self.lossy:
            self._bytes -= _size(entry.frame)
        elif len(self.entries) == self.capacity - 1:
            self.producer.set()
        return entry

    def close(self, cause: str | None = None) -> None:
        """The receiver has ended: what lies here is released, and the producer learns that nobody listens.

        With a cause, frames that were work are counted as dropped; at a natural end they found no partner, no more.
        """
        if self.closed:
            return
        self.closed = True
        if cause is not None and self.carries and self.entries:
            self.dropped[cause] += len(self.entries)
        while self.entries:
            for ticket in self.entries.popleft().tickets:
                ticket.release()
        self._bytes = 0
        self.producer.set()

    @property
    def full(self) -> bool:
        """Whether the producer has to wait (offline only)."""
        return not self.live and not self.closed and len(self.entries) >= self.capacity

    @property
    def nbytes(self) -> int:
        """What lies here, taking every frame for as large as the oldest."""
        return len(self.entries) * _size(self.entries[0].frame) if self.entries else 0

    def statistics(self) -> EdgeStatistics:
        capacity = 0 if self.live and self.carries else self.capacity
        return EdgeStatistics(self.plan.policy, capacity, len(self.entries), self.high_water, dict(self.dropped))

    def _shed(self, newest: Frame) -> None:
        """Drop the oldest beyond the capacity in frames or bytes; the newest always stays."""
        cause = "overflow" if self.plan.policy == "history" else "edge"
        self._bytes += _size(newest)
        while len(self.entries) > 1 and (len(self.entries) > self.capacity or self._bytes > self.plan.max_bytes):
            oldest = self.entries.popleft().frame
            self._bytes -= _size(oldest)
            self.shed_ns = oldest.pts_ns
            self.dropped[cause] += 1
            if oldest.discontinuity:  # the jump in time is still to be told
                head = self.entries[0]
                self.entries[0] = head._replace(frame=replace(head.frame, discontinuity=True))


def _size(frame: Frame) -> int:
    return int(getattr(frame.data, "nbytes", 64))
