"""Python's garbage collector during a show. A full collection looks at every object of the process, for a tenth of a
second and more once models and servers are loaded, and all threads wait for it.
"""

from __future__ import annotations

import gc

OFTEN = (700, 10, 2)
"""Thresholds while what is loaded is left out: a full collection is then short, and is better done soon."""


class Garbage:
    """Process-wide, so only for a run that has the process for itself."""

    def __enter__(self) -> Garbage:
        self._before = gc.get_threshold()
        return self

    def settle(self) -> None:
        """Everything is loaded: collections leave it out from now on."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(*OFTEN)

    def stir(self) -> None:
        """Something large was let go, perhaps in a circle: collections look at everything again."""
        gc.unfreeze()
        gc.set_threshold(*self._before)

    def __exit__(self, *raised: object) -> None:
        self.stir()
