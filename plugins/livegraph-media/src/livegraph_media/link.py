"""The connection to a server as people are told of it, and when it is tried again. Pure logic: it is told the time."""

from __future__ import annotations

from collections import deque
from typing import Any, Literal

BACKOFF_S = (0.25, 2.0)
STEADY_NS = 1_000_000_000
"""How long a connection has to last until it counts: some servers take one, and then refuse the stream."""
RATE_WINDOW_NS = 3_000_000_000


class Link:
    """`connecting` until the server first takes the stream, then `live`, and `reconnecting` while it is away.

    `sent` and `lost` return a line for the person at the terminal where there is something new: one when the server is
    reached, one when it is lost, one when it is back, however many tries lie between.
    """

    def __init__(self, name: str, now_ns: int) -> None:
        """`name` is how the server is called in what is said."""
        self.state: Literal["connecting", "live", "reconnecting"] = "connecting"
        self.reconnects = 0
        self.nbytes = 0
        self._name = name
        self._reason = ""
        self._since_ns = now_ns
        self._away_ns = now_ns
        self._tries = 0
        self._steady = self._reached = self._told_away = False
        self._sent: deque[tuple[int, int]] = deque()

    def connected(self, now_ns: int) -> None:
        self.reconnects += self._reached
        self._reached = True
        self._steady = False
        self._sent.clear()
        self._enter("live", now_ns)

    def sent(self, nbytes: int, now_ns: int) -> str | None:
        """A packet of so many bytes is on its way."""
        self.nbytes += nbytes
        self._sent.append((now_ns, self.nbytes))
        while now_ns - self._sent[0][0] > RATE_WINDOW_NS:
            self._sent.popleft()
        if self._steady or now_ns - self._since_ns < STEADY_NS:
            return None
        self._steady, self._tries, self._reason = True, 0, ""
        if not self._told_away:
            return f"sending to {self._name}"
        self._told_away = False
        return f"{self._name} is back after {(self._since_ns - self._away_ns) / 1e9:.0f} s"

    def lost(self, reason: str, now_ns: int) -> str | None:
        """The connection is gone, or could not be made."""
        self._tries += 1
        self._reason = reason
        self._sent.clear()
        was_steady, self._steady = self._steady, False
        if self.state == "live":
            self._enter("reconnecting", now_ns)
        if self._told_away:
            return None
        self._told_away, self._away_ns = True, now_ns
        what = f"{self._name} is gone" if was_steady else f"no connection to {self._name}"
        return f"{what} ({reason}): it is tried again, and pictures are dropped meanwhile"

    @property
    def wait_s(self) -> float:
        """How long to wait before the next try."""
        first, longest = BACKOFF_S
        return min(first * 2.0 ** max(0, min(self._tries, 16) - 1), longest)

    def status(self, now_ns: int) -> dict[str, Any]:
        """For the statistics; `since_s` is how long the state has been so. The rate is that of the last 3 seconds."""
        return {
            "state": self.state,
            "since_s": round((now_ns - self._since_ns) / 1e9, 1),
            "reason": self._reason,
            "reconnects": self.reconnects,
            "bytes": self.nbytes,
            "kbit_per_s": round(self._rate(now_ns) / 1000),
        }

    def _rate(self, now_ns: int) -> float:
        """Bits per second."""
        sent = list(self._sent)
        if len(sent) < 2 or now_ns - sent[0][0] <= 0:
            return 0.0
        return 8e9 * (sent[-1][1] - sent[0][1]) / (now_ns - sent[0][0])

    def _enter(self, state: Literal["live", "reconnecting"], now_ns: int) -> None:
        self.state, self._since_ns = state, now_ns
