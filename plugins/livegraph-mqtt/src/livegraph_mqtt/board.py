"""The newest numbers at the topics that `mqtt.signal` nodes read; the controller writes them."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from livegraph_mqtt.payload import Refused, signal_of

Place = tuple[str, str]
"""A topic, and the path into its payload."""


class Board:
    """Read on the run's loop, written on the controller's thread.

    One for the process: functions get no context, so a node cannot ask its own run for the controller.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[Place, float] = {}
        self._paths: dict[str, set[str]] = {}

    def open(self, places: Iterable[Place]) -> None:
        """A run begins that reads these; what an earlier run left there is forgotten."""
        with self._lock:
            for topic, path in places:
                self._paths.setdefault(topic, set()).add(path)
                self._numbers.pop((topic, path), None)

    def put(self, topic: str, text: str) -> None:
        """`Refused` where a path that is read leads to no number; the others are taken."""
        refused: Refused | None = None
        for path in tuple(self._paths.get(topic, ())):
            try:
                number = signal_of(text, path)
            except Refused as error:
                refused = error
                continue
            with self._lock:
                self._numbers[topic, path] = number
        if refused is not None:
            raise refused

    def get(self, topic: str, path: str) -> float | None:
        return self._numbers.get((topic, path))


BOARD = Board()
