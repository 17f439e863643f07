"""Who may send pictures to a node, and who waits: one lane per user, a queue behind them. No I/O.

Users come and go on the server's loop; the node takes pictures on its own thread.
"""

from __future__ import annotations

import itertools
import threading
from typing import NamedTuple

from livegraph_server.channel import Channel

WAITING = 32
"""Users that may wait; whoever comes then is sent away."""

_numbers = itertools.count(1)


class Sent(NamedTuple):
    """A picture as a user sent it: their `frame`-th."""

    lane: Lane
    frame: int
    jpeg: bytes


class Lane:
    """One user: the newest picture that they sent and nobody took yet, and what comes back to them."""

    def __init__(self, replies: Channel) -> None:
        self.user = next(_numbers)
        self.replies = replies
        self.frames = 0
        self.dropped = 0
        self.served = 0
        self.refused = ""
        """Why the node could not take a picture; who tells the user empties it."""
        self._newest: Sent | None = None

    def offer(self, jpeg: bytes) -> None:
        self.frames += 1
        self.dropped += self._newest is not None
        self._newest = Sent(self, self.frames, jpeg)

    def take(self) -> Sent | None:
        sent, self._newest = self._newest, None
        return sent


class Lanes:
    """The users of one node. The first `limit` of them have a lane; the others move up when one leaves."""

    def __init__(self, limit: int, idle_s: float) -> None:
        self.limit, self.idle_s = limit, idle_s
        self._users: list[Lane] = []
        self._taken = 0
        self._fresh = threading.Condition()

    @property
    def users(self) -> int:
        """How many there are, those that wait too."""
        return len(self._users)

    def join(self, replies: Channel) -> Lane | None:
        """Come in, or queue up; None where even the queue is full."""
        with self._fresh:
            if len(self._users) >= self.limit + WAITING:
                return None
            self._users.append(Lane(replies))
            return self._users[-1]

    def leave(self, lane: Lane) -> None:
        with self._fresh:
            self._users.remove(lane)

    def place(self, lane: Lane) -> int:
        """0: has a lane; else the place in the queue, from 1."""
        return max(0, self._users.index(lane) + 1 - self.limit)

    def offer(self, lane: Lane, jpeg: bytes) -> bool:
        """A user sends a picture; the one before that nobody took gives way. False: it is not their turn yet."""
        with self._fresh:
            if self.place(lane):
                return False
            lane.offer(jpeg)
            self._fresh.notify()
            return True

    def take(self, within_s: float) -> Sent | None:
        """The next picture, of each user in turn; None where none comes in time. For the node's thread."""
        with self._fresh:
            return self._next() or (self._next() if self._fresh.wait(within_s) else None)

    def find(self, user: int) -> Lane | None:
        """The lane of a user who is still there."""
        return next((lane for lane in list(self._users) if lane.user == user), None)

    def _next(self) -> Sent | None:
        for lane in sorted(self._users[: self.limit], key=lambda lane: lane.served):
            if (sent := lane.take()) is not None:
                self._taken += 1
                lane.served = self._taken
                return sent
        return None
