"""The newest of what comes, for a thread that takes it when it has time."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """One place: what is not taken in time is replaced, and counted."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._held: T | None = None
        self._failure: Exception | None = None
        self.replaced = 0

    def put(self, item: T) -> None:
        with self._news:
            self.replaced += self._held is not None
            self._held = item
            self._news.notify()

    def fail(self, error: Exception) -> None:
        """Who was to put something has failed: raised, once, where it is taken."""
        with self._news:
            self._failure = error
            self._news.notify()

    def take(self, wait_s: float) -> T | None:
        """What came and was not taken yet; None where nothing comes while waiting."""
        with self._news:
            if self._held is None and self._failure is None:
                self._news.wait(wait_s)
            failure, self._failure = self._failure, None
            if failure is not None:
                raise failure
            held, self._held = self._held, None
            return held
