"""The newest numbers at the topics that a run's `mqtt.signal` nodes read."""

from __future__ import annotations

from collections.abc import Iterable

from livegraph_mqtt.payload import Refused, signal_of

Place = tuple[str, str]
"""A topic, and the path into its payload."""


class Board:
    """Written on the controller's thread, read on the run's loop: one assignment in a dict, so no lock."""

    def __init__(self, places: Iterable[Place] = ()) -> None:
        self._paths: dict[str, set[str]] = {}
        for topic, path in places:
            self._paths.setdefault(topic, set()).add(path)
        self.topics = frozenset(self._paths)
        self._numbers: dict[Place, float] = {}

    def put(self, topic: str, text: str) -> None:
        """`Refused` where a path that is read leads to no number; the others are taken."""
        refused: Refused | None = None
        for path in self._paths.get(topic, ()):
            try:
                self._numbers[topic, path] = signal_of(text, path)
            except Refused as error:
                refused = error
        if refused is not None:
            raise refused

    def get(self, topic: str, path: str) -> float | None:
        return self._numbers.get((topic, path))
