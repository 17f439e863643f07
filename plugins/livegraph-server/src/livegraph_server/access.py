"""Who may come in: a token for programs, login codes for people, and the sessions that codes become. No I/O."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Iterable, Mapping

from livegraph import InputError

VARIABLE = "LIVEGRAPH_TOKEN"
SHORTEST_TOKEN = 16
"""Characters: what is shorter can be guessed over the network."""
CODE_LIFE_S = 600.0
CODES = 32
SESSIONS = 256
"""How many are kept; beyond, the oldest go."""


class Access:
    """The keys of one run, which end with it. Without a token all doors are open. Of one thread at a time."""

    def __init__(self, token: str | None, now: Callable[[], float] = time.monotonic) -> None:
        self._token = token
        self._now = now
        self._codes: dict[str, float] = {}
        self._sessions: list[str] = []

    @property
    def open(self) -> bool:
        """Whether nobody is asked."""
        return self._token is None

    def code(self) -> str:
        """A fresh login code: good once, for ten minutes."""
        self._forget()
        code = secrets.token_urlsafe(12)
        self._codes[code] = self._now() + CODE_LIFE_S
        for oldest in list(self._codes)[:-CODES]:
            del self._codes[oldest]
        return code

    def log_in(self, code: str) -> str | None:
        """Use up a code: a session, for a cookie to keep; None where the code is unknown, used or too old."""
        self._forget()
        found = [known for known in self._codes if _same(known, code)]
        if not found:
            return None
        del self._codes[found[0]]
        self._sessions = [*self._sessions[-SESSIONS + 1 :], secrets.token_urlsafe(32)]
        return self._sessions[-1]

    def admits(self, token: str = "", session: str = "") -> bool:
        """Whether one of both is good. How long it takes says nothing of how near a guess came."""
        known = [] if self._token is None else [_same(self._token, token)]
        return self.open or any([*known, *_among(session, self._sessions)])

    def _forget(self) -> None:
        now = self._now()
        self._codes = {code: ends for code, ends in self._codes.items() if ends > now}


def _same(known: str, given: str) -> bool:
    return hmac.compare_digest(known.encode(), given.encode("utf-8", "surrogateescape"))


def _among(given: str, known: Iterable[str]) -> list[bool]:
    return [_same(each, given) for each in known]


def token_for(loopback: bool, environ: Mapping[str, str]) -> tuple[str | None, bool]:
    """The token, and whether it was made here. Off loopback there always is one; `LIVEGRAPH_TOKEN` sets it anywhere."""
    given = environ.get(VARIABLE, "")
    if given and len(given) < SHORTEST_TOKEN:
        raise InputError(f"{VARIABLE} has {len(given)} characters; take {SHORTEST_TOKEN} or more, at random")
    if given:
        return given, False
    return (None, False) if loopback else (secrets.token_urlsafe(24), True)
