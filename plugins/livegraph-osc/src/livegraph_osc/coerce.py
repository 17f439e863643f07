"""From what a client sends to what a parameter takes, and back."""

from __future__ import annotations

import json
import math
from typing import Any

from livegraph import Knob
from livegraph_osc.refused import Refused

ON, OFF = ("true", "on", "yes", "1"), ("false", "off", "no", "0")


def coerce(knob: Knob, value: Any) -> Any:
    """`Refused` where nothing of the knob's kind can be made of it. Whether it is in range is for the run to say."""
    match knob.kind:
        case "number":
            return number(value)
        case "integer":
            return round(number(value))
        case "switch":
            return _switch(value)
        case "choice":
            return _choice(knob, value)
        case "text":
            return _text(value)
        case _:
            raise Refused("type", f"{knob.address} cannot be set by OSC")


def at_share(knob: Knob, value: Any) -> float | int:
    """The value at a share of the knob's range; shares beyond 0..1 are held there."""
    found: float | int = knob.at_share(number(value))
    return found


def number(value: Any) -> float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise Refused("type", "text where a number belongs") from None
    if not isinstance(value, (int, float)):
        raise Refused("type", "a number belongs here")
    if not math.isfinite(value):
        raise Refused("value", f"{value} is no number")
    return float(value)


def fires(arguments: tuple[Any, ...]) -> bool:
    """A button that is let go sends 0: nothing is to happen twice."""
    return not arguments or bool(arguments[0])


def argument(knob: Knob, value: Any) -> Any:
    """A value as an OSC argument."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if knob.kind == "number":
        return float(value)
    return value if isinstance(value, (int, float)) else json.dumps(value, default=str)


def _switch(value: Any) -> bool:
    if isinstance(value, str):
        if value.lower() in (*ON, *OFF):
            return value.lower() in ON
        raise Refused("type", "on or off belongs here")
    return bool(number(value))


def _choice(knob: Knob, value: Any) -> Any:
    """One of the choices, or its place among them, counted from 0."""
    for each in knob.choices:
        if value == each or str(value) == str(each):
            return each
    if isinstance(value, str):
        raise Refused("value", f"{knob.address} is one of {', '.join(map(str, knob.choices))}")
    index = round(number(value))
    if not 0 <= index < len(knob.choices):
        raise Refused("value", f"{knob.address} has {len(knob.choices)} choices")
    return knob.choices[index]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused("type", "text belongs here")
    return f"{number(value):g}"
