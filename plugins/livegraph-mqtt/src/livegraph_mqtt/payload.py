"""What stands in a message: bytes to values and back. Whatever comes is hostile until it is read; pure logic."""

from __future__ import annotations

import json
import math
import re
from itertools import islice
from typing import Any

from livegraph import Knob

LONGEST = 64 * 1024
"""Bytes of a payload; a text parameter takes 10,000 characters at most anyway (the door's rule)."""
DEEPEST = 16
"""Brackets within brackets in JSON."""
MOST_PARTS = 4_096
"""Values and brackets in JSON; a transaction has 1,000 values at most (the door's rule)."""
LONGEST_NUMBER = 64
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
ON, OFF = ("on", "true", "1", "yes"), ("off", "false", "0", "no")
STRINGS = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""Also one without an end: so each character is looked at once."""


class Refused(Exception):
    """A payload that cannot be taken; `reason` is one word, under which it is counted."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def text_of(payload: bytes) -> str:
    """`Refused` for what is too long, or no UTF-8."""
    if len(payload) > LONGEST:
        raise Refused("size", f"a payload of {len(payload)} bytes; {LONGEST} at most")
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("encoding", "the payload is no UTF-8") from None


def number_of(text: str) -> float | int:
    """A finite number in decimal digits: what has no point and no exponent is an int."""
    text = text.strip()
    if len(text) > LONGEST_NUMBER or not NUMBER.fullmatch(text):
        raise Refused("number", f"no number: {text[:40]!r}")
    value = float(text)
    if not math.isfinite(value):
        raise Refused("number", f"too large a number: {text[:40]!r}")
    return int(text) if text.lstrip("+-").isdigit() else value


def json_of(text: str) -> Any:
    """JSON with finite numbers, no deeper than `DEEPEST`, and of no more than `MOST_PARTS`."""
    _check_shape(STRINGS.sub("", text))
    try:
        return json.loads(text, parse_constant=_not_finite, parse_float=_finite)
    except ValueError as error:  # a broken document, or a whole number of thousands of digits
        raise Refused("json", f"no JSON: {str(error)[:100]}") from None


def _check_shape(bare: str) -> None:
    """Of JSON without its strings, before it is read."""
    depth = 0
    for bracket in islice(re.finditer(r"[\[\]{}]", bare), 2 * MOST_PARTS):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > DEEPEST:
            raise Refused("depth", f"JSON more than {DEEPEST} levels deep")
    if (parts := sum(map(bare.count, ",[{"))) > MOST_PARTS:
        raise Refused("size", f"JSON of {parts} parts; {MOST_PARTS} at most")


def coerce(knob: Knob, text: str) -> Any:
    """What a knob takes, from a message's text: `Refused` where it cannot be that."""
    match knob.kind:
        case "switch":
            return switch_of(text)
        case "number":
            return float(number_of(text))
        case "integer":
            return whole(number_of(text))
        case "choice":
            return choice_of(knob, text)
        case "text":
            return text
        case _:
            return json_of(text)


def transaction(text: str, knobs: Any) -> dict[str, Any]:
    """`{address: value, ...}`: JSON's own values, or texts as they would stand at a topic of their own."""
    document = json_of(text)
    if not isinstance(document, dict):
        raise Refused("json", "a transaction is a JSON object: address to value")
    return {address: _typed(knobs.get(address), value) for address, value in document.items()}


def encode(knob: Knob, value: Any) -> str:
    """A value as it stands at its state topic, in the form in which `coerce` takes it."""
    if isinstance(value, bool):
        return "ON" if value else "OFF"
    if knob.kind in ("text", "choice") or isinstance(value, str):
        return "" if value is None else str(value)
    if value is None:
        return "None"  # what Home Assistant takes for unknown
    if isinstance(value, float):
        return f"{value:.9g}"
    return json.dumps(value, default=str)


def switch_of(text: str) -> bool:
    word = text.strip().lower()
    if word not in (*ON, *OFF):
        raise Refused("value", f"neither ON nor OFF: {text[:40]!r}")
    return word in ON


def whole(value: float | int) -> int:
    if value != int(value):
        raise Refused("number", f"no whole number: {value:g}")
    return int(value)


def choice_of(knob: Knob, text: str) -> Any:
    """Spelled as it is, or in other capitals where that leaves no doubt."""
    exact = [each for each in knob.choices if _spelled(each) == text]
    alike = exact or [each for each in knob.choices if _spelled(each).casefold() == text.strip().casefold()]
    if len(alike) != 1:
        raise Refused("value", f"{knob.address} is none of its choices: {text[:40]!r}")
    return alike[0]


def options(knob: Knob) -> list[str]:
    return [_spelled(each) for each in knob.choices]


def signal_of(text: str, path: str) -> float:
    """A number, or the one at a dotted `path` into JSON (`sensors.0.value`); true and false, ON and OFF are 1 and 0."""
    value: Any = json_of(text) if path else text
    for step in path.split(".") if path else ():
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, TypeError, ValueError):
            raise Refused("signal", f"nothing at {path!r}") from None
    if isinstance(value, str):
        word = value.strip().lower()
        return float(word == "on") if word in ("on", "off", "true", "false") else float(number_of(value))
    if not isinstance(value, int | float):
        raise Refused("signal", f"no number at {path!r}")
    return float(value)


def _typed(knob: Knob | None, value: Any) -> Any:
    """An unknown address stays as it is: the door refuses it, and says which is near."""
    if knob is None or knob.kind == "other":
        return value
    if isinstance(value, str) and knob.kind != "text":
        return coerce(knob, value)
    if isinstance(value, bool) and knob.kind in ("number", "integer"):
        raise Refused("value", f"{knob.address} takes a number")
    return value


def _spelled(choice: Any) -> str:
    if isinstance(choice, bool):
        return "ON" if choice else "OFF"
    return str(choice)


def _finite(text: str) -> float:
    return float(number_of(text))


def _not_finite(text: str) -> Any:
    raise Refused("number", f"{text} is no number")
