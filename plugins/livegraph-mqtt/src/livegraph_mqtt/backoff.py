"""How long to wait before the broker is tried again: pure logic."""

from __future__ import annotations

import random

LEAST_S, MOST_S = 0.25, 10.0
BACK_S = 3.0
"""The most while the broker was there before: it is being restarted, and is to be met soon after."""
RESET_AFTER_S = 10.0
"""A connection that held for this long begins anew; one that is lost at once, as by a twin client, does not."""


class Backoff:
    """Doubles from `LEAST_S` to a cap; a fifth of chance keeps many clients from coming all at once.

    The cap is `BACK_S` once the broker was there, else `MOST_S`.
    """

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance or random.Random()
        self._next_s = LEAST_S
        self._seen = False

    def connected(self) -> None:
        self._seen = True

    def held(self, seconds: float) -> None:
        """The connection that is lost now had lasted so long."""
        if seconds >= RESET_AFTER_S:
            self._next_s = LEAST_S

    def wait_s(self) -> float:
        most = BACK_S if self._seen else MOST_S
        wait = min(self._next_s, most)
        self._next_s = min(self._next_s * 2, MOST_S)
        return wait * self._chance.uniform(0.8, 1.0)
