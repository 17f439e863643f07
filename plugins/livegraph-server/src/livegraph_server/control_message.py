"""Control messages: JSON objects that bear a `type`. Reading one; the README lists them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

LARGEST = 64 << 10
"""Characters of a message."""
MOST_DIGITS = 300
"""Of a whole number: more than any number has."""

Message: TypeAlias = Mapping[str, Any]


class Wrong(Exception):
    """What is wrong with a message, in words for who sent it."""


def read(said: str | bytes) -> dict[str, Any]:
    """A message, from its text. `Wrong` where it is none."""
    if not isinstance(said, str):
        raise Wrong("send JSON, as text")
    if len(said) > LARGEST:
        raise Wrong(f"a message has at most {LARGEST} characters")
    try:
        message = json.loads(said, parse_constant=_refuse, parse_int=_whole)
    except (ValueError, RecursionError):
        raise Wrong("this is no JSON") from None
    if not isinstance(message, dict):
        raise Wrong('send an object, such as {"type": "config.update", "values": {}}')
    return message


def ramp(message: Message) -> tuple[float, Any]:
    """How long numbers may take, and how they get there."""
    over, curve = message.get("over", 0.0), message.get("curve", "linear")
    if not isinstance(over, int | float) or isinstance(over, bool) or not isinstance(curve, str):
        raise Wrong('"over" is a number of seconds, "curve" a name')
    return float(over), curve


def text(message: Message, key: str) -> str:
    found = message.get(key)
    if not isinstance(found, str):
        raise Wrong(f'{message.get("type")} has a "{key}", which is text')
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError("no number has so many digits")
    return int(digits)
