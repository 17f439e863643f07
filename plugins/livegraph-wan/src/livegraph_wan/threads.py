"""How many threads a chunk is computed by, followed while a stream runs. Pure logic, but for `idle_cores`.

Beside a busy core one thread beats several, often by a factor: they wait for each other at every kernel. On an idle
machine it is the other way round. Which of the two it is changes during a show.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Hashable
from pathlib import Path
from statistics import median

LOOKS = 5
"""Chunks whose times are looked at; of them the median counts."""
DRIFT = 1.3
"""So much slower than it was is reason to look again."""
GAIN = 0.9
"""What a chunk may take at most, of what it took before, for another number of threads to be kept."""
TRIAL = 2
"""Chunks of a trial; of them the quicker counts, since threads have to start."""
SOONEST, LATEST = 5.0, 160.0
"""Seconds between two trials: twice as long after each that brought nothing."""


class ThreadPace:
    """One thread or `most`, whichever is faster now."""

    def __init__(self, count: int, most: int, idle: Callable[[], float], clock: Callable[[], float]) -> None:
        """`count` is what was found to be faster to begin with. `idle` says how many cores had nothing to do since it
        was last asked: more threads are only tried where there is room for them, since a trial that goes wrong is seen.
        """
        self.count = count
        """Threads for the next chunk."""
        self._most, self._idle, self._clock = most, idle, clock
        self._times: deque[float] = deque(maxlen=LOOKS)
        self._usual: float | None = None
        self._kind: Hashable = None
        self._wait = SOONEST
        self._next = clock() + SOONEST
        self._before = 0
        """While another number is on trial: the one that it has to beat."""
        self._tried: list[float] = []

    def took(self, seconds: float, kind: Hashable) -> None:
        """The last chunk took so long. Chunks of another `kind` (size, steps) are no measure of each other."""
        if kind != self._kind:
            self._begin_anew(kind)
        elif self._before:
            self._judge(seconds)
        else:
            self._look(seconds)

    def _begin_anew(self, kind: Hashable) -> None:
        if self._before:
            self.count, self._before = self._before, 0
        self._kind, self._usual, self._wait = kind, None, SOONEST
        self._times.clear()

    def _look(self, seconds: float) -> None:
        self._times.append(seconds)
        if len(self._times) < LOOKS:
            return
        typical = median(self._times)
        self._usual = typical if self._usual is None else min(self._usual, typical)
        if self._clock() < self._next or self._most == 1:
            return
        if self.count > 1:
            if typical > DRIFT * self._usual:
                self._try(1)
        elif self._idle() > (self._most - 1) / 2:
            self._try(self._most)

    def _try(self, count: int) -> None:
        self._before, self.count, self._tried = self.count, count, []

    def _judge(self, seconds: float) -> None:
        """Give up at once what is clearly slower; keep what is clearly faster."""
        self._tried.append(seconds)
        typical = median(self._times)
        if min(self._tried) < GAIN * typical:
            self._settle(self.count, SOONEST)
        elif len(self._tried) == TRIAL or seconds > DRIFT * typical:
            self._settle(self._before, min(LATEST, 2 * self._wait))

    def _settle(self, count: int, wait: float) -> None:
        if count != self._before:
            self._usual = None
        self.count, self._before, self._wait = count, 0, wait
        self._next = self._clock() + wait
        self._times.clear()
        self._idle()  # counts from here


def idle_cores() -> Callable[[], float]:
    """What tells how many cores have been idle since it was last asked; where the system does not say, all of them."""
    cores = float(os.cpu_count() or 1)
    stat = Path("/proc/stat")
    if not stat.exists():
        return lambda: cores
    last = (time.monotonic(), _idle_seconds(stat))

    def ask() -> float:
        nonlocal last
        now = (time.monotonic(), _idle_seconds(stat))
        passed, idle = now[0] - last[0], now[1] - last[1]
        last = now
        return idle / passed if passed > 0 else 0.0

    return ask


def _idle_seconds(stat: Path) -> float:
    """Of all cores together, since the machine began; see proc_stat(5)."""
    fields = stat.read_text().split("\n", 1)[0].split()
    return (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")
