"""Actions that wait for the next beat or bar."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from livegraph_midi.clock import Time

Doing = Callable[[], None]
EARLY = 0.02
"""Beats: what comes this shortly after a beat was meant for it, and what is due this shortly is done."""
LONGEST_WAIT_S = 0.25
"""After that it is looked again: the tempo may have changed."""


def next_beat(now: Time, beats: int) -> float:
    """The first multiple of `beats` that is not over."""
    return math.ceil((now.beat - EARLY) / beats) * beats


@dataclass(slots=True)
class Waiting:
    doing: Doing
    at_beat: float
    beats: int


class Quantiser:
    """`music` gives the time of the clock in use, None where none runs; `later` calls a function after so many seconds.

    One action waits for each key: of several the last is done.
    """

    def __init__(
        self,
        music: Callable[[float], Time | None],
        later: Callable[[float, Doing], None],
        say: Callable[[str], None],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._music, self._later, self._say, self._now_s = music, later, say, now_s
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, Waiting] = {}
        self._said = False

    def ask(self, key: Hashable, doing: Doing, beats: int) -> None:
        """At once where no clock runs, which is said, once."""
        now = self._music(self._now_s())
        if now is None:
            self._say_once()
            doing()
            return
        with self._lock:
            waiting = self._waiting.get(key)
            if waiting is not None:
                waiting.doing = doing
                return
            self._waiting[key] = Waiting(doing, next_beat(now, beats), beats)
        self._look(key)

    def _look(self, key: Hashable) -> None:
        """Done when its beat has come, or can come no more: the clock stopped, or jumped back to its start."""
        now = self._music(self._now_s())
        with self._lock:
            waiting = self._waiting.get(key)
            if waiting is None:
                return
            left = 0.0 if now is None else waiting.at_beat - now.beat
            if now is not None and EARLY < left <= waiting.beats + EARLY:
                wait_s = min(left * 60 / now.tempo, LONGEST_WAIT_S)
            else:
                del self._waiting[key]
                wait_s = None
        if wait_s is None:
            waiting.doing()
        else:
            self._later(wait_s, lambda: self._look(key))

    def _say_once(self) -> None:
        if not self._said:
            self._said = True
            self._say("midi: no clock runs, so what waits for a beat is done at once")
