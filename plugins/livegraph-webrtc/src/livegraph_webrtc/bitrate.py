"""The bitrate that viewers can take, from what their receivers report. Pure.

A receiver tells an estimate of its own (REMB, draft-alvestrand-rmcat-remb-03), or only how much it lost (RFC 3550),
from which a sender concludes by the loss-based controller of draft-ietf-rmcat-gcc-02, section 6.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

START_BPS = 2_000_000
"""What is sent before anybody has reported, where the limits allow."""
_MUCH_LOSS, _LITTLE_LOSS = 0.10, 0.02
_RAISE = 1.05
_USED = 0.7
_REMB_COUNTS_S = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Bits per second that the person at the graph allows."""

    least: int
    most: int

    def hold(self, bps: float) -> int:
        return round(min(self.most, max(self.least, bps)))


class Estimate:
    """What one viewer can take, bits per second."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._bps: float = limits.hold(START_BPS)
        self._remb_s: float | None = None

    @property
    def bps(self) -> int:
        return self.limits.hold(self._bps)

    def remb(self, bps: int, sent_bps: float, now_s: float) -> None:
        """The receiver's own estimate. One above what is sent lowers nothing: a quiet scene sends little, and a
        receiver estimates little more than it gets.
        """
        self._remb_s = now_s
        if bps < sent_bps or bps > self._bps:
            self._bps = self.limits.hold(bps)

    def loss(self, share: float, sent_bps: float, now_s: float) -> None:
        """The share of packets that a receiver report says were lost since the last one, 0..1."""
        if share > _MUCH_LOSS:
            self._bps = self.limits.hold(self._bps * (1 - 0.5 * share))
        elif share < _LITTLE_LOSS and not self._has_remb(now_s) and sent_bps > _USED * self._bps:
            self._bps = self.limits.hold(self._bps * _RAISE)

    def _has_remb(self, now_s: float) -> bool:
        return self._remb_s is not None and now_s - self._remb_s < _REMB_COUNTS_S


def shared_bps(limits: Limits, estimates: Iterable[Estimate]) -> int:
    """The bitrate of a stream that all viewers share: the least that any of them can take, within the limits."""
    return limits.hold(min((estimate.bps for estimate in estimates), default=START_BPS))


class Flow:
    """Bits and pictures per second, over the last seconds."""

    def __init__(self, span_s: float = 1.0) -> None:
        self._span_s = span_s
        self._lately: deque[tuple[float, int]] = deque()

    def add(self, when_s: float, bits: int = 0) -> None:
        self._lately.append((when_s, bits))
        while when_s - self._lately[0][0] > self._span_s:
            self._lately.popleft()

    def bps(self, now_s: float) -> float:
        recent = [(when, bits) for when, bits in list(self._lately) if now_s - when <= self._span_s]
        return sum(bits for _, bits in recent) / self._span_s

    def per_second(self) -> float | None:
        """How many came a second, by their own times; None before the third."""
        lately = list(self._lately)
        if len(lately) < 3:
            return None
        length = lately[-1][0] - lately[0][0]
        return (len(lately) - 1) / length if length > 0 else None
