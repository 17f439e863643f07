"""`${NAME}` and `${NAME:-default}` in graph files; `$${NAME}` stands for the text `${NAME}` itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_OPEN_NAMES = frozenset({"HOME", "USER", "LOGNAME", "PWD", "TMPDIR", "LANG", "DISPLAY", "WAYLAND_DISPLAY"})
"""What everybody on a machine sees, and what stands in every path: hidden, it would spoil messages and save nothing."""
_OPEN_VALUES = frozenset({"true", "false", "null", "none", "auto"})


class Unset(Exception):
    """A variable without a value and without a default; `args[0]` is its name."""


def has_variable(text: str) -> bool:
    return _VARIABLE.search(text) is not None


def spelled_out(text: str) -> str:
    """The text as a graph file has to have it, where what looks like a variable in it is none."""
    return _VARIABLE.sub(lambda match: f"${match[0]}", text)


def substitute(text: str, env: Mapping[str, str], secrets: set[str]) -> str:
    """`text` with its variables filled in; values that come from `env` are added to `secrets`, but not such as stand in
    the file anyway (the default, spelled out), nor words like `true`, nor what everybody knows (`HOME`).

    As in a shell, an empty variable counts as unset where there is a default. Raises `Unset`.
    """

    def value(match: re.Match[str]) -> str:
        escaped, name, default = match.groups()
        if escaped:
            return match[0][1:]
        given = env.get(name)
        if given is None or (not given and default is not None):
            if default is None:
                raise Unset(name)
            return default
        if name not in _OPEN_NAMES and given != default and given.lower() not in _OPEN_VALUES:
            secrets.add(given)
        return given

    return _VARIABLE.sub(value, text)
