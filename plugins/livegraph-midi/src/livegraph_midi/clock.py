"""MIDI clock: 24 ticks a beat become a tempo and a beat at any moment. Times are given, none is read."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Protocol

PER_BEAT = 24
"""MIDI 1.0: timing clocks in a quarter note."""
PER_SIXTEENTH = 6
"""Song position counts sixteenths."""
WINDOW = 2 * PER_BEAT
"""Ticks that the line is laid through: USB and operating systems shift each by a millisecond or more."""
SLOWEST_S = 60 / 20 / PER_BEAT
"""Longer without a tick (20 beats a minute), and the clock has stopped."""
TURNED_S = 0.015
"""A tick this far from the line, and the next three: the tempo was changed, and the line begins anew."""
TURNED_TICKS = 4


@dataclass(frozen=True, slots=True)
class Time:
    """Where the music is: `beat` counts quarter notes from the start, `tempo` is in beats a minute."""

    beat: float
    tempo: float


class Clock(Protocol):
    def time(self, now_s: float) -> Time | None:
        """None: it does not run."""
        ...


class MidiClock:
    """A least squares line through the newest ticks: tick number over arrival time. Ticks come on one thread, `time` is
    asked from any.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ticks: deque[tuple[float, int]] = deque(maxlen=WINDOW)
        self._number = 0
        self._stopped = False
        self._line: tuple[float, float, float] | None = None
        self._astray = 0

    def message(self, kind: str, now_s: float, position: int = 0) -> None:
        """`clock`, `start`, `continue`, `stop` or `songpos`, as they come."""
        with self._lock:
            if kind == "clock":
                self._tick(now_s)
            elif kind == "start":
                self._restart(0)
            elif kind == "continue":
                self._restart(self._number)
            elif kind == "songpos":
                self._place(position * PER_SIXTEENTH)
            elif kind == "stop":
                self._stopped = True

    def time(self, now_s: float) -> Time | None:
        with self._lock:
            if self._stopped or self._line is None or now_s - self._ticks[-1][0] > 2 * SLOWEST_S:
                return None
            beat, tempo = self._at(now_s)
        return Time(beat, tempo)

    def _tick(self, now_s: float) -> None:
        if self._ticks and not 0 < now_s - self._ticks[-1][0] <= SLOWEST_S:
            self._ticks.clear()
            self._line = None
        if self._line is not None:
            self._look_astray(now_s)
        self._ticks.append((now_s, self._number))
        self._number += 1
        if len(self._ticks) >= 3:
            self._line = fitted(self._ticks)

    def _look_astray(self, now_s: float) -> None:
        """Only new ticks count once several came elsewhere than the old ones say."""
        assert self._line is not None
        middle_s, middle, per_s = self._line
        off_s = now_s - (middle_s + (self._number - middle) / per_s)
        self._astray = self._astray + 1 if abs(off_s) > TURNED_S else 0
        if self._astray >= TURNED_TICKS:
            self._astray = 0
            while len(self._ticks) > TURNED_TICKS - 1:
                self._ticks.popleft()

    def _at(self, now_s: float) -> tuple[float, float]:
        """Beyond the newest tick no further than one tick: where the next does not come, the beat waits for it."""
        assert self._line is not None
        middle_s, middle, per_s = self._line
        tick = middle + (now_s - middle_s) * per_s
        return max(min(tick, self._number), 0.0) / PER_BEAT, per_s * 60 / PER_BEAT

    def _restart(self, number: int) -> None:
        """The next tick is this one: a beat falls on the tick after `start`, not on the message (MIDI 1.0)."""
        self._stopped = False
        self._place(number)

    def _place(self, number: int) -> None:
        """The pace goes on; only the numbers differ."""
        shift, self._number = number - self._number, number
        self._ticks = deque(((when, tick + shift) for when, tick in self._ticks), maxlen=WINDOW)
        if self._line is not None:
            middle_s, middle, per_s = self._line
            self._line = middle_s, middle + shift, per_s


def fitted(ticks: deque[tuple[float, int]]) -> tuple[float, float, float]:
    """The middle of the ticks (seconds, number), and ticks a second: ordinary least squares of time over number."""
    count = len(ticks)
    middle_s = sum(when for when, _ in ticks) / count
    middle = sum(tick for _, tick in ticks) / count
    spread = sum((tick - middle) ** 2 for _, tick in ticks)
    together = sum((when - middle_s) * (tick - middle) for when, tick in ticks)
    return middle_s, middle, spread / together


def phase(time: Time | None, beats: int = 1) -> float:
    """Where in the beat, or in a bar of so many, 0..1; 0 where no clock runs."""
    return 0.0 if time is None else time.beat % beats / beats
