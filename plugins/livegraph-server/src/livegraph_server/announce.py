"""What a person at the terminal is told when the server is up."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from typing import TextIO

import segno

from livegraph_server.hosts import own_addresses, own_names
from livegraph_server.listener import Listener


def base_address(listener: Listener, scheme: str) -> str:
    """Where a browser finds the server: under the address listened at, or where that is all of them, under the one
    that others most likely reach.
    """
    host = listener.host.partition("%")[0]
    if listener.everywhere:
        host = next(iter(own_addresses()), own_names()[0])
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{listener.port}"


def lines(address: str, made_token: str | None, *, login: bool, fingerprint: str, plain: bool) -> Iterator[str]:
    """`address` is complete; `made_token` is there where nobody chose one; `plain`: others could read along."""
    yield f"web: {address}" + (" (works once, within 10 minutes)" if login else "")
    if made_token is not None:
        yield f"web: programs send Authorization: Bearer {made_token}"
    if fingerprint:
        yield f"web: browsers warn of its own certificate, SHA-256 {fingerprint}"
    if plain:
        yield "web: plain HTTP, which others on the network can read along; --tls auto keeps them out"


def show_code(address: str, out: TextIO | None = None) -> None:
    """The address as a QR code, where a phone could scan it: on a terminal."""
    out = out if out is not None else sys.stdout
    if out is None or not out.isatty():
        return
    drawn = io.StringIO()
    segno.make_qr(address).terminal(drawn, border=2, compact=True)
    out.write(drawn.getvalue())
    out.flush()
