"""How many messages are looked at."""

from __future__ import annotations

PER_S = 3000.0
"""Three times what a MIDI cable carries (31,250 baud, three bytes each); USB carries more, hands do not make it."""
BURST = 1000.0


class Allowance:
    """A bucket that fills with time and is emptied by messages. On one thread."""

    def __init__(self) -> None:
        self._left, self._looked_s = BURST, 0.0

    def take(self, now_s: float) -> bool:
        self._left = min(self._left + (now_s - self._looked_s) * PER_S, BURST)
        self._looked_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
