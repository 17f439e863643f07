"""What is heard where there is no microphone."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from livegraph import Frame
from livegraph_media.silence import RATE
from livegraph_media.steady_sound import BLOCK, BLOCK_NS

_WAIT_S = 0.1
_BACKLOG_NS = 500_000_000
_FREQUENCY, _LEVEL = 1000, 0.1
_PERIOD, _SOUNDING = 50, 5
"""In blocks of 20 ms: a tone of 100 ms begins every second."""


class StandInSound:
    """Silence, or a tone, at a microphone's pace: a block is there when its time has come."""

    def __init__(self, tone: bool, channels: int, now_ns: Callable[[], int]) -> None:
        self._silence = np.zeros((BLOCK, channels), np.float32)
        wave = _LEVEL * np.sin(2 * np.pi * _FREQUENCY * np.arange(BLOCK) / RATE)
        self._tone = np.repeat(wave.astype(np.float32)[:, None], channels, axis=1) if tone else self._silence
        self._now_ns = now_ns
        self._next = 0
        self._begin_ns: int | None = None

    def read(self) -> Frame | None:
        now_ns = self._now_ns()
        if self._begin_ns is None:
            self._begin_ns = now_ns
        due_ns = self._begin_ns + self._next * BLOCK_NS
        if due_ns > now_ns:
            time.sleep(min((due_ns - now_ns) / 1e9, _WAIT_S))
        late = now_ns - due_ns > _BACKLOG_NS
        if late:
            self._next = (now_ns - self._begin_ns) // BLOCK_NS
        due_ns = self._begin_ns + self._next * BLOCK_NS
        data = self._tone if self._next % _PERIOD < _SOUNDING else self._silence
        self._next += 1
        return Frame(due_ns, 0, BLOCK_NS, due_ns, data, {"rate": RATE}, discontinuity=late)
