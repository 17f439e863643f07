"""What came from the environment, taken out of whatever is said: of messages, of errors, of logs."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from typing import Any
from urllib.parse import quote, unquote

REDACTED = "***"
SHORTEST_SECRET = 4
"""Characters. What is shorter (a rate, a flag) is no secret, and would blot out half of every message."""
_SHORTEST_PART = 8
_ELLIPSES = ("...", "…", "\n")


class Redactor:
    """Takes values out of text: as they are, as others spell them (quoted, percent-decoded, in one line), the telling
    parts of an address (user and password, host, path, query), and the beginning or end of one that was cut.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        spelled = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST_SECRET}
        self._forms = sorted(spelled, key=lambda form: (-len(form), form))

    def __bool__(self) -> bool:
        return bool(self._forms)

    def __call__(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, REDACTED)
        for form in self._forms:
            text = _without_beginning(text, form)
            text = _without_beginning(text[::-1], form[::-1])[::-1]
        return text

    def value(self, value: Any) -> Any:
        """A parameter's value as it may be shown: what is text without them, what is a number that is one of them gone.
        Sequences come as lists.
        """
        if value is None or isinstance(value, bool):
            return value
        if not self._forms and isinstance(value, int | float | str):
            return value
        if isinstance(value, Mapping):
            return {key: self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(item) for item in value]
        text = str(value)
        if isinstance(value, int | float):
            return REDACTED if text in self._forms else value
        shown = self(text)
        return value if shown == text else shown

    def clean(self, error: BaseException) -> None:
        """Take them out of an error, in place. One whose chain repeats them loses the chain."""
        if any(self(str(each)) != str(each) for each in _chain(error)):
            error.args = (self(str(error)),)
            error.__cause__ = error.__context__ = None

    @contextmanager
    def in_logs(self, logger: logging.Logger) -> Iterator[None]:
        """Until the end, nothing that goes where `logger` writes shows them, whichever library says it."""
        handlers = list(_handlers(logger)) if self else []
        for handler in handlers:
            handler.addFilter(self._filter)
        try:
            yield
        finally:
            for handler in handlers:
                handler.removeFilter(self._filter)

    def _filter(self, record: logging.LogRecord) -> bool:
        try:
            said = record.getMessage()
        except (TypeError, ValueError, LookupError):  # arguments that do not fit: the handler tells whose bug it is
            said, record.args = str(record.msg), ()
        if (told := self(said)) != said:
            record.msg, record.args = told, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_text = self(record.exc_text) if record.exc_text else record.exc_text
        return True


def _forms(secret: str) -> Iterator[str]:
    yield from (secret, unquote(secret), quote(secret), quote(secret, safe=""), repr(secret)[1:-1])
    yield " ".join(secret.split())
    yield from (line.strip() for line in secret.splitlines() if len(line.strip()) >= _SHORTEST_PART)
    if "://" in secret:
        for part in _address_parts(secret.partition("://")[2]):
            yield from (part, unquote(part))


def _address_parts(rest: str) -> Iterator[str]:
    """`rest` is what follows the scheme. A host by one word (`localhost`) stays: it stands in too many sentences."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user, _, host = authority.rpartition("@")
    path = rest[len(authority) :]
    yield from (rest, user, user.partition(":")[2], host + path)
    if re.search(r"[.:]", host):
        yield host
    yield path
    yield from (part for part in re.split(r"[/?#&=]", path) if len(part) >= _SHORTEST_PART)


def _without_beginning(text: str, form: str) -> str:
    """Without what begins as `form` does and then breaks off: at an ellipsis, or where the text ends."""
    head = form[: max(SHORTEST_SECRET, min(_SHORTEST_PART, len(form) // 2))]
    at = text.find(head)
    while at >= 0:
        alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text[at:], form, strict=False)))
        rest = text[at + alike :]
        if not rest or rest.startswith(_ELLIPSES):
            text = text[:at] + REDACTED + rest
        at = text.find(head, at + 1)
    return text


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _handlers(logger: logging.Logger | None) -> Iterator[logging.Handler]:
    """Everything that a record of `logger` reaches."""
    if logging.lastResort is not None:
        yield logging.lastResort
    while logger is not None:
        yield from logger.handlers
        logger = logger.parent if logger.propagate else None
