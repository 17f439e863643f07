"""A sender's RTP time on the timeline of a source. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from livegraph_webrtc.rtp_time import ns_of

_LONGEST_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """When a picture is due, how long it stays (0: unknown), and whether time jumped before it. Nanoseconds."""

    pts_ns: int
    duration_ns: int
    jumped: bool


class Arrivals:
    """Pictures of one session are as far apart as their RTP times say, whenever they came. A session begins when its
    first picture arrived, and behind the last of the session before.
    """

    def __init__(self) -> None:
        self._session: str | None = None
        self._origin_ticks = 0
        self._origin_ns = 0
        self._first_ns: int | None = None
        self._last_ns = -1

    def of(self, session: str, own_ns: int) -> int | None:
        """The pts of a moment that is so many nanoseconds by the clock of a session's pictures; None where it is not
        the session of now.
        """
        return self._origin_ns + own_ns - ns_of(self._origin_ticks) if session == self._session else None

    def place(self, session: str, ticks: int, arrived_ns: int) -> Moment:
        """The moment of the next picture, counted from the first arrival of all."""
        if self._first_ns is None:
            self._first_ns = arrived_ns
        begins = session != self._session
        jumped = begins and self._session is not None
        if begins:
            self._session, self._origin_ticks = session, ticks
            self._origin_ns = max(arrived_ns - self._first_ns, self._last_ns + 1)
        pts_ns = max(self._origin_ns + ns_of(ticks - self._origin_ticks), self._last_ns + 1)
        step_ns = pts_ns - self._last_ns
        self._last_ns = pts_ns
        return Moment(pts_ns, 0 if begins or step_ns > _LONGEST_NS else step_ns, jumped)
