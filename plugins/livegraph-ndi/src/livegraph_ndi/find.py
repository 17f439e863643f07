"""Which NDI sources there are, and which one is meant."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from livegraph import NodeError
from livegraph_ndi.library import Cyndilib

FIND_S = 5.0
"""How long sources are looked for: announcements come within one or two seconds."""
_POLL_S = 0.05


class NoSource(NodeError):
    """The source is not in the network now; it may come later."""


def find_source(ndi: Cyndilib, wanted: str) -> Any:
    """The cyndilib source that `wanted` names; NoSource lists those that there are."""
    finder = ndi.Finder()
    finder.open()
    try:
        until = time.monotonic() + FIND_S
        while (name := matching(wanted, finder.get_source_names())) is None:
            if time.monotonic() >= until:
                raise NoSource(nothing_found(wanted, finder.get_source_names()))
            time.sleep(_POLL_S)
        return finder.get_source(name)
    finally:
        finder.close()


def matching(wanted: str, names: Sequence[str]) -> str | None:
    """The source meant by `auto` (the first by name), by `MACHINE (stream)`, or by `stream` alone, in any case."""
    for name in sorted(names):
        machine_and_stream, said = name.lower(), wanted.lower()
        if wanted == "auto" or machine_and_stream == said or machine_and_stream.endswith(f"({said})"):
            return name
    return None


def nothing_found(wanted: str, names: Sequence[str]) -> str:
    what = "no NDI source" if wanted == "auto" else f"no NDI source {wanted!r}"
    there = f"there are: {', '.join(sorted(names))}" if names else "there is none in this network"
    return f"{what} within {FIND_S:g} s; {there}"
