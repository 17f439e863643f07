"""What the scripted nodes of a run went through: every call, and every breach of the lifecycle that nodes rely on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from livegraph.frame import Frame

ALLOWED = {
    "made": ("setup",),
    "setting up": ("teardown",),
    "ready": ("process", "read", "reset", "flush", "teardown"),
    "closed": (),
}
"""What may be called on one object of a node, by how far it is; no call begins while another is under way."""


@dataclass(slots=True)
class Call:
    """One call of `process`. `fresh`: the first since the node was made or reset. `given`: how many frames came of it,
    None where it did not return.
    """

    frames: Sequence[Frame]
    others: Mapping[str, Any]
    params: Any
    fresh: bool
    given: int | None = None


@dataclass(slots=True)
class Diary:
    """One node of a run, over all objects that were made for it. `closed` counts the teardowns that came to their end,
    `flushed` the frames that came at the stream's end or before a jump.
    """

    setups: int = 0
    teardowns: int = 0
    closed: int = 0
    flushed: int = 0
    calls: list[Call] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)


class Lifecycle:
    """One object of a node, from setup to teardown: writes into its node's diary what the runtime asks of it."""

    def __init__(self, diary: Diary) -> None:
        self.diary = diary
        self.fresh = True
        self._stage = "made"
        self._doing: list[str] = []

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """For the length of a call."""
        if self._doing:
            self.diary.breaches.append(f"{what} during {self._doing[-1]}")
        if what not in ALLOWED[self._stage]:
            self.diary.breaches.append(f"{what} of an object that is {self._stage}")
        self._begin(what)
        self._doing.append(what)
        try:
            yield
            self._complete(what)
        finally:
            self._doing.remove(what)

    def call(self, frames: Sequence[Frame], others: Mapping[str, Any], params: Any) -> Call:
        """A call of `process` begins."""
        call = Call(tuple(frames), others, params, self.fresh)
        self.fresh = False
        self.diary.calls.append(call)
        return call

    def _begin(self, what: str) -> None:
        if what == "setup":
            self.diary.setups += 1
            self._stage = "setting up"
        elif what == "teardown":
            self.diary.teardowns += 1
            self._stage = "closed"

    def _complete(self, what: str) -> None:
        if what == "setup":
            self._stage = "ready"
        elif what == "teardown":
            self.diary.closed += 1
        elif what == "reset":
            self.fresh = True
