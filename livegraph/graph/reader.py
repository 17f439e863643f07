"""Reads typed values out of a document, and says what was expected where something else stands."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from livegraph.graph.document import Value, scalar
from livegraph.graph.problems import Problems, did_you_mean
from livegraph.registry import nearest
from livegraph.wording import there_are

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*(us|ms|s|m|h)")
_UNITS = {"us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9}
_LONGEST_NS = 10**9 * 3600 * 24 * 365


def nanoseconds(data: object) -> int | None:
    """A duration as graph files write it: seconds, or text such as `200ms`, `2s`, `1m`; None for what is none."""
    if isinstance(data, str):
        match = _DURATION.fullmatch(data.strip())
        amount = float(match.group(1)) * _UNITS[match.group(2)] if match else math.nan
    elif isinstance(data, int | float) and not isinstance(data, bool):
        amount = float(data) * 1e9 if abs(data) < _LONGEST_NS else math.nan
    else:
        return None
    return round(amount) if 0 <= amount <= _LONGEST_NS else None


def _meaning(value: Value) -> Any:
    """What the grammar reads: a value from the environment counts as unquoted, for `{timeout: "${T}"}` needs quotes."""
    return scalar(value.filled) if value.filled is not None else value.data


@dataclass(frozen=True, slots=True)
class Reader:
    """Every method returns None, having noted a problem, where the value is not what it should be."""

    problems: Problems
    node: str | None = None
    port: str | None = None

    def complain(self, value: Value, message: str, hint: str | None = None) -> None:
        self.problems.add(value.place, message, node=self.node, port=self.port, hint=hint)

    def mapping(self, value: Value, what: str, allowed: Iterable[str] | None = None) -> Mapping[str, Value] | None:
        """The entries of a mapping; keys that are not `allowed` are noted and left out."""
        if not isinstance(value.data, Mapping):
            self.complain(value, f"{what} must be a mapping (name: value), got {value.shown()}")
            return None
        if allowed is None:
            return value.data
        names = tuple(allowed)
        for key in value.data:
            if key not in names:
                hint = did_you_mean(nearest(key, names), there_are(names))
                self.problems.add(
                    value.keys.get(key, value.place),
                    f"unknown key {key!r} in {what}",
                    node=self.node,
                    port=self.port,
                    hint=hint,
                )
        return {key: entry for key, entry in value.data.items() if key in names}

    def text(self, value: Value, what: str) -> str | None:
        data = value.filled if value.filled is not None else value.data
        if isinstance(data, str) and data.strip():
            return data
        self.complain(value, f"{what} must be text, got {value.shown()}")
        return None

    def choice(self, value: Value, what: str, options: Iterable[str]) -> str | None:
        names = tuple(options)
        data = _meaning(value)
        if isinstance(data, str) and data in names:
            return data
        near = nearest(data, names) if isinstance(data, str) else None
        self.complain(value, f"{what} must be one of {', '.join(names)}, got {value.shown()}", did_you_mean(near))
        return None

    def flag(self, value: Value, what: str) -> bool | None:
        data = _meaning(value)
        if isinstance(data, bool):
            return data
        self.complain(value, f"{what} must be true or false, got {value.shown()}")
        return None

    def integer(self, value: Value, what: str, least: int, most: int = 1 << 62) -> int | None:
        data = _meaning(value)
        if isinstance(data, int) and not isinstance(data, bool) and least <= data <= most:
            return data
        self.complain(value, f"{what} must be a whole number of at least {least}, got {value.shown()}")
        return None

    def number(self, value: Value, what: str) -> float | None:
        data = _meaning(value)
        if isinstance(data, int | float) and not isinstance(data, bool) and abs(data) < 1e300:
            return float(data)
        self.complain(value, f"{what} must be a number, got {value.shown()}")
        return None

    def span(self, value: Value, what: str, *, rising: bool = False) -> tuple[float, float] | None:
        """Two numbers; the second above the first where it has to be `rising`."""
        ends = value.data if isinstance(value.data, tuple) else ()
        if len(ends) != 2:
            self.complain(value, f"{what} must be two numbers [low, high], got {value.shown()}")
            return None
        low, high = (self.number(end, what) for end in ends)
        if low is None or high is None:
            return None
        if rising and low >= high:
            self.complain(value, f"{what} must rise from low to high, got [{low:g}, {high:g}]")
            return None
        return low, high

    def duration(self, value: Value, what: str, *, zero: bool = False) -> int | None:
        """Nanoseconds; above zero unless `zero` is allowed."""
        amount = nanoseconds(_meaning(value))
        if amount is None or (amount == 0 and not zero):
            self.complain(value, f"{what} must be a duration such as 0.5 (seconds) or 200ms, got {value.shown()}")
            return None
        return amount
