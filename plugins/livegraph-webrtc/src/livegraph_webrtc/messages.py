"""What is said over a data channel: JSON objects that bear a `type`, as over `web.socket_in`'s. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

MOST_BYTES = 16 << 10
MOST_PER_S = 20
"""Messages that somebody may send a second, and at once after a pause."""

Message: TypeAlias = Mapping[str, Any]
Handler: TypeAlias = Callable[[Message], Message | None]
"""Takes messages of one type; what it returns is the answer. It raises `Wrong` for the person at the other end."""

HANDLERS: Mapping[str, Handler] = MappingProxyType({})
"""By type. What is in no table is answered by an error."""


class Wrong(Exception):
    """What is wrong with a message, in words."""


def error(words: str) -> Message:
    return {"type": "error", "message": words}


def answer(said: str | bytes, handlers: Mapping[str, Handler]) -> Message | None:
    """What is to be said to a message, if anything."""
    try:
        message = _read(said)
        kind = message.get("type")
        if not isinstance(kind, str) or kind not in handlers:
            known = ", ".join(handlers) or "none yet"
            raise Wrong(f"no such type of message: {str(kind)[:40]!r}; there are: {known}")
        return handlers[kind](message)
    except Wrong as wrong:
        return error(str(wrong))


def _read(said: str | bytes) -> Message:
    if not isinstance(said, str):
        raise Wrong("send JSON, as text")
    if len(said.encode()) > MOST_BYTES:
        raise Wrong(f"a message has at most {MOST_BYTES} bytes")
    try:
        message = json.loads(said)
    except (ValueError, RecursionError):
        raise Wrong("this is no JSON") from None
    if not isinstance(message, dict):
        raise Wrong('send an object, such as {"type": ...}')
    return message


class Allowance:
    """So many a second, and at once after a pause."""

    def __init__(self, per_s: float, now_s: Callable[[], float]) -> None:
        self._per_s, self._now_s = per_s, now_s
        self._left, self._looked_s = per_s, now_s()

    def take(self) -> bool:
        """Whether one more is allowed."""
        now_s = self._now_s()
        self._left = min(self._per_s, self._left + (now_s - self._looked_s) * self._per_s)
        self._looked_s = now_s
        allowed = self._left >= 1
        self._left -= allowed
        return allowed
