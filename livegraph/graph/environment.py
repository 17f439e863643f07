"""`${NAME}` and `${NAME:-default}` in graph files, and the redaction of what they bring."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_SHORTEST_SECRET = 4
REDACTED = "***"


class Unset(Exception):
    """A variable without a value and without a default; `args[0]` is its name."""


def has_variable(text: str) -> bool:
    return _VARIABLE.search(text) is not None


def substitute(text: str, env: Mapping[str, str], secrets: set[str]) -> str:
    """`text` with its variables filled in; values that come from `env` (not defaults) are added to `secrets`.

    As in a shell, an empty variable counts as unset where there is a default. Raises `Unset`.
    """

    def value(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        given = env.get(name)
        if given is None or (not given and default is not None):
            if default is None:
                raise Unset(name)
            return default
        secrets.add(given)
        return given

    return _VARIABLE.sub(value, text)


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` without the values that came from the environment. Values under four characters (a rate, a flag) are no
    secrets, and would blot out half of every message.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, REDACTED)
    return text
