"""Lengths of time as people write them."""

from __future__ import annotations

import math
import re

import typer

_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_SPELLING = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|)")


def seconds(text: str) -> float:
    """`"10s"`, `"500ms"`, `"1.5m"`, `"2h"`, or plain seconds."""
    match = _SPELLING.fullmatch(text.strip())
    length = float(match[1]) * _UNITS[match[2]] if match is not None else 0.0
    if not 0 < length < math.inf:
        raise typer.BadParameter(f"{text!r} is no length of time; write 10s, 500ms, 5m or 1h")
    return length


def clock(elapsed_s: float) -> str:
    """`0:07`, `12:34`, `1:02:03`."""
    minutes, rest = divmod(int(elapsed_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
