"""What comes from a sender, for a thread that takes it when it has time."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

Picture = TypeVar("Picture")
Sound = TypeVar("Sound")

MOST_SOUNDS = 100
"""Blocks of sound that may wait: two seconds of what browsers send."""


class Inbox(Generic[Picture, Sound]):
    """One place for a picture, the newest, and a queue of sounds, which are all wanted. What is not taken in time is
    replaced, and counted.
    """

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._picture: Picture | None = None
        self._sounds: deque[Sound] = deque(maxlen=MOST_SOUNDS)
        self._failure: Exception | None = None
        self.replaced = 0
        self.overflowed = 0
        """Sounds that were pushed out by newer ones."""

    def put(self, picture: Picture) -> bool:
        """Whether it took the place of one that was not taken."""
        with self._news:
            replaces = self._picture is not None
            self.replaced += replaces
            self._picture = picture
            self._news.notify()
            return replaces

    def add(self, sound: Sound) -> None:
        with self._news:
            self.overflowed += len(self._sounds) == MOST_SOUNDS
            self._sounds.append(sound)
            self._news.notify()

    def fail(self, error: Exception) -> None:
        """Who was to put something has failed: raised, once, where it is taken."""
        with self._news:
            self._failure = error
            self._news.notify()

    def take(self, wait_s: float) -> Picture | Sound | None:
        """A sound, the oldest, or else a picture; None where nothing comes while waiting."""
        with self._news:
            if not self._sounds and self._picture is None and self._failure is None:
                self._news.wait(wait_s)
            failure, self._failure = self._failure, None
            if failure is not None:
                raise failure
            if self._sounds:
                return self._sounds.popleft()
            picture, self._picture = self._picture, None
            return picture
