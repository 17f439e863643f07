"""Where a live stream goes: a server's address as FFmpeg takes it, and as people may read it."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from livegraph import InputError

SEND_BUFFER = 256 << 10
"""Bytes that the system may hold for a server: where it held more, a stopped server would look alive for long."""
_STARS = "***"
_ROOTS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
"""Where Debian, Fedora and macOS keep the certificates that are trusted."""


@dataclass(frozen=True, slots=True)
class Target:
    """`url`, `form` and `options` are FFmpeg's output. `name` is for people: without what is `hidden`, that is user,
    password, query and key.
    """

    url: str = field(repr=False)
    form: str
    options: Mapping[str, str]
    name: str
    hidden: Sequence[str] = field(default=(), repr=False)


def rtmp_target(text: str) -> Target:
    """The last part of an RTMP address is the stream's key."""
    name = _checked(text, ("rtmp", "rtmps"))
    application, _, key = name.rstrip("/").rpartition("/")
    if not key or application.count("/") < 3:
        raise InputError(f"{_without_path(text)}: an address is rtmp://host/application/key, and this one lacks a part")
    # `tee` is the only way by which PyAV passes options on to the protocol below.
    options = {"f": "flv", "flush_packets": "1", "tcp_nodelay": "1", "send_buffer_size": str(SEND_BUFFER)}
    if text.lower().startswith("rtmps"):
        options |= _trusted_roots()
    return Target(_tee(options, text), "tee", {}, f"{application}/{_STARS}", (key, *_hidden(text)))


def rtsp_target(text: str) -> Target:
    return Target(text, "rtsp", {"rtsp_transport": "tcp"}, _checked(text, ("rtsp",)), _hidden(text))


def srt_target(text: str) -> Target:
    return Target(text, "mpegts", {"flush_packets": "1"}, _checked(text, ("srt",)), _hidden(text))


def _hidden(text: str) -> tuple[str, ...]:
    parts = urlsplit(text)
    return tuple(filter(None, (parts.username, parts.password, parts.query, parts.fragment)))


def _checked(text: str, schemes: Sequence[str]) -> str:
    """The address without user, password and query; InputError where it is of another kind."""
    try:
        parts = urlsplit(text)
    except ValueError:  # which repeats the address
        raise InputError("the address cannot be read: its host is none") from None
    if parts.scheme not in schemes:
        given = f"{parts.scheme}://" if parts.scheme else "no address"
        raise InputError(f"{given}: the address has to begin with {' or '.join(f'{s}://' for s in schemes)}")
    host = parts.netloc.rpartition("@")[2]
    if not host:
        raise InputError(f"{parts.scheme}://: the address names no host")
    return f"{parts.scheme}://{host}{parts.path}"


def _without_path(text: str) -> str:
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _trusted_roots() -> dict[str, str]:
    """FFmpeg asks no server who it is unless told to: a key must not go to whoever answers."""
    known = map(Path, (ssl.get_default_verify_paths().cafile or "", *_ROOTS))
    roots = next((str(path) for path in known if path.is_file()), None)
    return {"tls_verify": "1", **({"ca_file": roots} if roots else {})}


def _tee(options: Mapping[str, str], url: str) -> str:
    """One output of FFmpeg's `tee` muxer: [name=value:name=value]url, with what has a meaning there escaped, twice
    within the brackets.
    """
    told = ":".join(f"{name}={_escaped(value, ':]')}" for name, value in options.items())
    return _escaped(f"[{told}]{url}", "|")


def _escaped(text: str, marks: str) -> str:
    return re.sub(rf"([\\'{re.escape(marks)}])", r"\\\1", text)
