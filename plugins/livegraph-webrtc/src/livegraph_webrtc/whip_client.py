"""WHIP's requests, from the sender's side. Blocking: call it on a thread."""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from livegraph import InputError

TIMEOUT_S = 10.0
END_S = 2.0
MOST_BYTES = 64 << 10


class Declined(Exception):
    """The server does not take the stream, or is not there; says why, and nothing of the address but its host."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to send. Addresses of media servers carry stream keys, so it is not shown."""

    url: str = field(repr=False)
    token: str = field(repr=False)

    @property
    def host(self) -> str:
        """What may be shown of it."""
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer, and the session's own place."""

    sdp: str
    session: Place | None


def check_url(url: str) -> None:
    """`InputError` where WHIP is not spoken at such an address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("url: expected http://host/... or https://host/..., the WHIP endpoint of a media server")


def offer(place: Place, sdp: str) -> Accepted:
    """POST an offer. `Declined` where it is not answered."""
    request = _request(place, "POST", sdp.encode())
    request.add_header("content-type", "application/sdp")
    try:
        with _opener.open(request, timeout=TIMEOUT_S) as answer:
            if answer.status != HTTPStatus.CREATED:
                raise Declined(f"HTTP {answer.status} where 201 was expected")
            location = answer.headers.get("location")
            session = Place(urljoin(place.url, location), place.token) if location else None
            return Accepted(answer.read(MOST_BYTES).decode(errors="replace"), session)
    except urllib.error.HTTPError as error:
        error.close()
        raise Declined(_meaning(error.code)) from None
    except (OSError, ValueError) as error:
        raise Declined(_reason(error)) from None


def end(session: Place) -> None:
    """DELETE the session, if the server is still there; who does not hear it notices by itself."""
    try:
        _opener.open(_request(session, "DELETE"), timeout=END_S).close()
    except urllib.error.HTTPError as error:
        error.close()
    except (OSError, ValueError):
        return


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a token is for the host that it was given for."""

    def redirect_request(self, *args: object) -> None:
        return None


_opener = urllib.request.build_opener(_Straight)


def _request(place: Place, method: str, body: bytes | None = None) -> urllib.request.Request:
    request = urllib.request.Request(place.url, body, method=method)
    if place.token:
        request.add_unredirected_header("authorization", f"Bearer {place.token}")
    return request


def _meaning(code: int) -> str:
    if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return f"HTTP {code}: the token is missing or wrong (LIVEGRAPH_WHIP_TOKEN)"
    if 300 <= code < 400:
        return f"HTTP {code}: it names another address; use that one"
    return f"HTTP {code}"


def _reason(error: OSError | ValueError) -> str:
    inner = getattr(error, "reason", error)
    return str(getattr(inner, "strerror", None) or type(inner).__name__)
