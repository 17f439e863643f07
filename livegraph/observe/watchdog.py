"""Notices when the event loop itself stands still, which nothing on the loop can."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable

LIMIT_S = 2.0


class LoopWatchdog:
    """A thread that expects `beat` a few times a second; when the loop is held longer, it says by what."""

    def __init__(self, say: Callable[[str], None], limit_s: float = LIMIT_S) -> None:
        self._say = say
        self._limit_s = limit_s
        self._loop_thread = threading.get_ident()
        self._beat = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="livegraph watchdog", daemon=True)
        self._thread.start()

    def beat(self) -> None:
        self._beat = time.monotonic()

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        told = excused = 0.0
        pause_s, woke, worked = self._limit_s / 4, time.monotonic(), time.process_time()
        while not self._over.wait(pause_s):
            now, busy = time.monotonic(), time.process_time()
            if (late := now - woke - pause_s) > pause_s and busy - worked < late / 2:
                excused = now  # nothing of this process ran meanwhile: it was stopped, or the machine was
            woke, worked = now, busy
            held = now - max(self._beat, excused)
            if held > self._limit_s and told != self._beat:
                told = self._beat
                self._say(f"the event loop is held since {held:.1f} s; an async node must not block:\n{self._stack()}")

    def _stack(self) -> str:
        frame = sys._current_frames().get(self._loop_thread)
        return "".join(traceback.format_stack(frame)[-6:]) if frame is not None else ""
