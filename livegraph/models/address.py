"""Where a file comes from, and who is told the Hugging Face token on the way there."""

from __future__ import annotations

import http.client
import os
from http.client import HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from livegraph.errors import ModelError
from livegraph.models.spec import ModelFile
from livegraph.version import __version__

HUB = "https://huggingface.co"
OFFLINE = "LIVEGRAPH_OFFLINE"
TIMEOUT_S = 30.0
"""Without a byte."""

Origin = tuple[str, str | None, int | None]


def hub() -> str:
    """The Hugging Face hub, or the mirror that `HF_ENDPOINT` names."""
    chosen = os.environ.get("HF_ENDPOINT") or HUB
    if not chosen.startswith(("https://", "http://")):
        raise ModelError(f"HF_ENDPOINT is {chosen!r}; it begins with https://")
    return chosen.rstrip("/")


def url_of(file: ModelFile) -> str:
    """The address that a file is fetched from."""
    if file.url:
        return file.url
    source = quote(file.source or file.path)
    return f"{hub()}/{file.repo}/resolve/{quote(file.revision, safe='')}/{source}"


def is_offline() -> bool:
    """Whether the user forbids the network."""
    return os.environ.get(OFFLINE, "").lower() not in ("", "0", "false", "no")


def open_url(url: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    """GET, by way of the environment's proxies. Raises `HTTPError` from 400 on, and `OSError`."""
    request = Request(url, headers={"User-Agent": f"livegraph/{__version__}", "Accept-Encoding": "identity", **headers})
    _authorise(request)
    opener = OpenerDirector()  # by hand: the usual one opens file: and ftp: too
    for handler in (ProxyHandler, HTTPHandler, HTTPSHandler, _Redirects, HTTPDefaultErrorHandler, HTTPErrorProcessor):
        opener.add_handler(handler())
    response = opener.open(request, timeout=TIMEOUT_S)
    if response is None:
        raise OSError(f"{url}: only http: and https: are fetched")
    assert isinstance(response, http.client.HTTPResponse)
    return response


class _Redirects(HTTPRedirectHandler):
    """Follows redirects, but never from https to http, and with the token only where it belongs."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if urlsplit(req.full_url).scheme == "https" and urlsplit(newurl).scheme != "https":
            raise HTTPError(req.full_url, 400, f"is redirected to {newurl}, which is not encrypted", headers, fp)
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None:
            _authorise(request)
        return request


def _authorise(request: Request) -> None:
    """The token goes to the hub's own origin, encrypted or within this machine.

    As an unredirected header, so that urllib does not copy it to wherever the answer points.
    """
    token = os.environ.get("HF_TOKEN", "").strip()
    here = _origin(request.full_url)
    if token and here == _origin(hub()) and (here[0] == "https" or here[1] in ("localhost", "127.0.0.1", "::1")):
        request.add_unredirected_header("Authorization", f"Bearer {token}")


def _origin(url: str) -> Origin:
    parts = urlsplit(url)
    default: Any = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or default
