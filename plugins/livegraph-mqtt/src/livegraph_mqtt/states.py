"""What the state topics are to say, and what of it still has to be sent: pure logic, from any thread."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

APART_S = 0.1
"""Between two messages at one topic: a ramp or a turned knob is ten messages a second, not one per frame."""


class States:
    """One text per topic, the newest. So memory is bounded by the topics, however slow the broker is.

    Topics wait in the order in which they changed; one that was sent lately waits its time out, the rest overtake it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: dict[str, tuple[int, str]] = {}
        self._unsent: OrderedDict[str, None] = OrderedDict()
        self._sent_at: dict[str, float] = {}

    def put(self, topic: str, text: str, revision: int) -> bool:
        """Whether it has to be sent. What is of an older revision than what is there came late, and is nothing new."""
        with self._lock:
            known = self._now.get(topic)
            if known is not None and known[0] > revision:
                return False
            self._now[topic] = (revision, text)
            if known is not None and known[1] == text and topic not in self._unsent:
                return False
            self._unsent.setdefault(topic)
            return True

    def again(self, topics: Iterable[str] | None = None) -> None:
        """Send these once more, or all: nothing has been said yet to a broker that comes back."""
        with self._lock:
            for topic in list(self._now) if topics is None else topics:
                if topic in self._now:
                    self._unsent.setdefault(topic)
            if topics is None:
                self._sent_at.clear()

    def take(self, now_s: float) -> tuple[str, str] | None:
        """The next topic to send at, and its text; None where none is due."""
        with self._lock:
            for topic in self._unsent:
                if now_s - self._sent_at.get(topic, float("-inf")) >= APART_S:
                    del self._unsent[topic]
                    self._sent_at[topic] = now_s
                    return topic, self._now[topic][1]
        return None

    def wait_s(self, now_s: float) -> float | None:
        """Until the next is due; None: nothing waits."""
        with self._lock:
            dues = [self._sent_at.get(topic, float("-inf")) + APART_S for topic in self._unsent]
        return max(min(dues) - now_s, 0.0) if dues else None
