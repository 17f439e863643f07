"""Where the server listens: an address and a port, taken before anything else is made."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from livegraph import InputError

USUAL_PORT = 8400
"""Taken where no port is asked for and this one is free."""
BACKLOG = 128


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that listens. `host` is the address that it is bound to."""

    socket: socket.socket
    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return ip_address(self.host.partition("%")[0]).is_loopback

    @property
    def everywhere(self) -> bool:
        """Whether it listens at all addresses of this machine."""
        return ip_address(self.host.partition("%")[0]).is_unspecified


def listen(host: str, port: int | None) -> Listener:
    """Listen at an address; without a port at the usual one, or else at any that is free. `InputError` where that
    cannot be.
    """
    family, address = _resolve(host)
    ports = [port] if port is not None else [USUAL_PORT, 0]
    for wanted in ports:
        try:
            return _bind(family, (address[0], wanted, *address[2:]))
        except OSError as error:
            if wanted != ports[-1] and error.errno == errno.EADDRINUSE:
                continue
            raise _refused(error, host, wanted) from None
    raise AssertionError("unreachable")


def _resolve(host: str) -> tuple[int, Any]:
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise InputError(f"--host {host}: no such address; 127.0.0.1 is this machine, 0.0.0.0 all networks") from None
    family, _, _, _, address = found[0]
    return family, address


def _bind(family: int, address: tuple[Any, ...]) -> Listener:
    """Listening follows at once: until then, another that starts at the same moment gets the same port."""
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two programs listen at one port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    bound = made.getsockname()
    return Listener(made, bound[0], bound[1])


def _refused(error: OSError, host: str, port: int) -> InputError:
    if error.errno == errno.EADDRINUSE:
        why = "is in use by another program; choose another with --port, or leave --port out for one that is free"
        return InputError(f"port {port} at {host} {why}")
    if error.errno == errno.EACCES:
        return InputError(f"port {port} is kept for the system's own programs; choose one from 1024 up with --port")
    if error.errno == errno.EADDRNOTAVAIL:
        return InputError(f"--host {host} is no address of this machine; 0.0.0.0 listens at all that it has")
    return InputError(f"cannot listen at {host}, port {port}: {error.strerror or error}")
