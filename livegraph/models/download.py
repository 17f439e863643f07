"""One file over HTTP: resumed where it stopped, tried again where the network fails, kept only when it is right."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError

from livegraph.errors import ModelError
from livegraph.models.address import open_url
from livegraph.models.library import PART
from livegraph.models.record import Entry
from livegraph.models.spec import ModelFile

CHUNK: Final = 1 << 18
TRIES: Final = 5
"""In a row without a megabyte of progress; a bad line may break more often than that over 28 GB."""
PROGRESS: Final = 1 << 20
LONGEST_WAIT_S: Final = 60.0

Told = Callable[[int], None]
"""Called with the bytes that are here, as they come; they become fewer where the file is begun anew."""


class Unreachable(ModelError):
    """Nothing answered: no network, no such host, or nobody there."""


class _Again(Exception):
    """An attempt failed in a way that may pass; `wait_s` is what the server asked for."""

    def __init__(self, why: str, wait_s: float = 0.0, *, reached: bool = True) -> None:
        super().__init__(why)
        self.wait_s = wait_s
        self.reached = reached


def download(file: ModelFile, url: str, target: Path, told: Told, expected: str | None, pause: float = 1.0) -> Entry:
    """Fetch `url` to `target`, which appears only once its size and sum are right.

    What came so far stays beside it (`.part`) when this is interrupted, and is taken up the next time. `expected` is
    the sum to hold against, where one is known. `pause` is the first wait between two attempts, in seconds; it doubles.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = _Partial(target, url)
    try:
        partial.take_up(told)
        taken_up = partial.have > 0
        _attempts(file, url, partial, told, pause, expected)
        if taken_up and expected not in (None, partial.sha256()):
            partial.restart("")  # what lay here was of something else
            _attempts(file, url, partial, told, pause, expected)
        return partial.finish(expected)
    finally:
        partial.close()


class _Partial:
    """What is here of a file, its running sum, and the validator that the server gave for it."""

    def __init__(self, target: Path, url: str) -> None:
        self.target, self.url = target, url
        self.path = target.with_name(target.name + PART)
        self._about = target.with_name(target.name + PART + ".json")
        self.have = 0
        self.validator = self._known_validator()
        self._sum = hashlib.sha256()
        self._file = self.path.open("a+b")

    def take_up(self, told: Told) -> None:
        """Read what is here, for its sum."""
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            self._count(chunk)
            told(self.have)

    def append(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._count(chunk)

    def restart(self, validator: str) -> None:
        """Begin at the first byte again."""
        self._file.seek(0)
        self._file.truncate()
        self._sum, self.have, self.validator = hashlib.sha256(), 0, validator
        self._about.write_text(json.dumps({"url": self.url, "validator": validator}), encoding="utf-8")

    def sha256(self) -> str:
        return self._sum.hexdigest()

    def finish(self, expected: str | None) -> Entry:
        """Put it in its place, or away where its sum is wrong."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._about.unlink(missing_ok=True)
        if expected not in (None, self.sha256()):
            self.path.unlink()
            raise ModelError(
                f"{self.url}: its sha256 is {self.sha256()}, not {expected}: it has changed, or was damaged on its "
                "way. Nothing of it is kept"
            )
        self.path.replace(self.target)
        return Entry(self.have, self.sha256(), self.url)

    def close(self) -> None:
        """Leave nothing behind of a file of which no byte came."""
        self._file.close()
        if self.path.exists() and self.path.stat().st_size == 0:
            self.path.unlink(missing_ok=True)
            self._about.unlink(missing_ok=True)

    def _count(self, chunk: bytes) -> None:
        self._sum.update(chunk)
        self.have += len(chunk)

    def _known_validator(self) -> str:
        try:
            about = json.loads(self._about.read_text(encoding="utf-8"))
            return str(about["validator"]) if about["url"] == self.url else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""


def _attempts(file: ModelFile, url: str, partial: _Partial, told: Told, pause: float, expected: str | None) -> None:
    """Until the last byte is here."""
    failed, before = 0, partial.have
    while True:
        try:
            return _attempt(file, url, partial, told, expected)
        except _Again as error:
            failed = 1 if partial.have >= before + PROGRESS else failed + 1
            before = partial.have
            if failed == TRIES:
                kind = ModelError if error.reached else Unreachable
                raise kind(f"{url}: {error}. Tried {TRIES} times; what came so far is kept") from error
            wait = max(error.wait_s, pause * 2 ** (failed - 1) * random.uniform(0.8, 1.2))
            time.sleep(min(wait, LONGEST_WAIT_S))


def _attempt(file: ModelFile, url: str, partial: _Partial, told: Told, expected: str | None) -> None:
    if partial.have and not (partial.validator or expected):
        partial.restart("")  # nothing could tell whether its second half is of the same file
    told(partial.have)
    if file.exact and partial.have >= file.size:
        if partial.have == file.size:
            return
        partial.restart("")
    try:
        with open_url(url, _range(partial)) as response:
            total = _begin(file, url, partial, response)
            while chunk := response.read(CHUNK):
                partial.append(chunk)
                told(partial.have)
    except HTTPError as error:
        return _refused(error, url, partial)
    except (URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        if isinstance(_reason(error), ssl.SSLCertVerificationError):
            raise ModelError(f"{url}: {_reason(error)}") from error
        raise _Again(_cause(error), reached=_was_reached(error)) from error
    if total is not None and partial.have < total:
        raise _Again(f"the connection ended after {partial.have} of {total} bytes")
    if total is not None and partial.have > total:
        partial.restart("")
        raise _Again(f"more than the {total} bytes that were announced")


def _range(partial: _Partial) -> dict[str, str]:
    if not partial.have:
        return {}
    condition = {"If-Range": partial.validator} if partial.validator else {}
    return {"Range": f"bytes={partial.have}-", **condition}


def _begin(file: ModelFile, url: str, partial: _Partial, response: http.client.HTTPResponse) -> int | None:
    """The size of the whole, once it is clear where this answer goes on."""
    if response.status == 206:
        start, total = _content_range(response.headers.get("Content-Range", ""))
        if start != partial.have:
            partial.restart("")
            raise _Again(f"the server went on at byte {start}")
    else:
        partial.restart(_validator(response))
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdigit() else (file.size if file.exact else None)
    if file.exact and total != file.size:
        partial.restart("")
        raise ModelError(f"{url} has {total} bytes, not {file.size}: it is not the file that is listed here")
    return total


def _content_range(text: str) -> tuple[int, int | None]:
    """`bytes 10-99/100` as (10, 100); (-1, None) for what is no range."""
    unit, _, rest = text.partition(" ")
    span, _, total = rest.partition("/")
    start = span.partition("-")[0]
    if unit != "bytes" or not start.isdigit():
        return -1, None
    return int(start), int(total) if total.isdigit() else None


def _validator(response: http.client.HTTPResponse) -> str:
    """What `If-Range` may hold: a strong entity tag, else the date (RFC 9110, section 13.1.5)."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def _refused(error: HTTPError, url: str, partial: _Partial) -> None:
    """What an answer from 400 on means; returns where it means that all is here."""
    error.close()
    if error.code == 416 and partial.have:
        if error.headers.get("Content-Range") == f"bytes */{partial.have}":
            return
        partial.restart("")
        raise _Again("what lay here was not a part of it") from error
    if error.code in (408, 425, 429) or error.code >= 500:
        wait = error.headers.get("Retry-After", "")
        raise _Again(f"{error.code} {error.reason}", float(wait) if wait.isdigit() else 0.0) from error
    if error.code in (401, 403):
        raise ModelError(
            f"{url}: {error.code} {error.reason}. It may want a login: accept its licence on its page, and set "
            "HF_TOKEN to a token from https://huggingface.co/settings/tokens"
        ) from error
    raise ModelError(f"{url}: {error.code} {error.reason}") from error


def _reason(error: Exception) -> object:
    return error.reason if isinstance(error, URLError) else error


def _cause(error: Exception) -> str:
    return str(_reason(error)) or type(_reason(error)).__name__


def _was_reached(error: Exception) -> bool:
    """False where no connection came about: urllib wraps what happens up to the answer into a URLError."""
    return not (isinstance(error, URLError) and isinstance(error.reason, OSError))
