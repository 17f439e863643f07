"""What goes wrong in a run, as people are told of it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable

from livegraph.errors import LivegraphError, NodeError
from livegraph.graph.redaction import Redactor

NOTES = 50
"""The last things said that the statistics keep."""

log = logging.getLogger("livegraph")


class Health:
    """Collects errors and notes; nothing leaves here with a value from the environment in it."""

    def __init__(self, notes: Iterable[str], say: Callable[[str], None], redactor: Redactor) -> None:
        self.notes: deque[str] = deque(notes, maxlen=NOTES)
        self._error: BaseException | None = None
        self._say = say
        self._redactor = redactor
        self._down: set[str] = set()
        self._late: set[str] = set()
        self._warned: dict[str, str] = {}

    @property
    def error(self) -> BaseException | None:
        """The first that ended the run, or by which a node was lost for good."""
        return self._error

    @error.setter
    def error(self, error: BaseException | None) -> None:
        if error is not None:
            self._redactor.clean(error)
        self._error = error

    @property
    def degraded(self) -> bool:
        """Some node is down, or late."""
        return bool(self._down or self._late)

    @property
    def troubles(self) -> dict[str, str]:
        """What is wrong with the nodes that are down or late."""
        return {node: self._warned.get(node, "") for node in sorted(self._down | self._late)}

    def told(self, node: str, text: str) -> None:
        """A line of a node for the person at the terminal; nodes may call from their own threads."""
        self.tell(f"{node}: {text}")

    def lose(self, node: str, error: BaseException) -> None:
        """A node is gone for good."""
        if not isinstance(error, LivegraphError):
            log.error("livegraph itself failed in node %s", node, exc_info=error)
            error = NodeError(f"node {node}: {type(error).__name__}: {error}")
        self.error = self.error or error
        self.degrade(node, error)

    def degrade(self, node: str, error: BaseException) -> None:
        """A node is down, and will be tried again."""
        self._down.add(node)
        self.warn(node, error)

    def recovered(self, node: str) -> None:
        if node in self._down:
            self._down.discard(node)
            self._warned.pop(node, None)
            self.told(node, "works again")

    def late(self, node: str, error: BaseException) -> None:
        """A sink misses the latency budget."""
        self._late.add(node)
        self.warn(node, error)

    def in_time(self, node: str) -> None:
        """A sink has kept the budget again for a while."""
        self._late.discard(node)
        self._warned.pop(node, None)
        self.told(node, "within the latency budget again")

    def warn(self, node: str, error: BaseException) -> None:
        """Said once until something else goes wrong there, however often it happens: the count is in the statistics."""
        text = self._redactor(str(error))
        if self._warned.get(node) != text:
            self._warned[node] = text
            self.tell(text)

    def tell(self, text: str) -> None:
        """A line for the person at the terminal."""
        text = self._redactor(text)
        self.notes.append(text)
        self._say(text)
