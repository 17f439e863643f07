"""Under which names the server answers. A page of another site that has its name point here (DNS rebinding) asks under
that name, and is refused; so is one that sends a form or opens a socket across sites.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]

VARIABLE = "LIVEGRAPH_HOSTS"
ALWAYS = ("localhost", "127.0.0.1", "::1")
VIRTUAL = ("docker", "br-", "veth", "virbr", "vmnet", "utun", "tun", "tap")
"""What the names of interfaces begin with behind which no phone is."""


class Hosts:
    """The names and addresses that a `Host` header may have, with any port. `listening`: where the server listens."""

    def __init__(self, *listening: str, environ: Mapping[str, str] = os.environ) -> None:
        given = environ.get(VARIABLE, "").replace(",", " ").split()
        names = (*ALWAYS, *listening, *own_names(), *own_addresses(), *given)
        self._names = frozenset(name.lower().strip("[]") for name in names)

    def knows(self, header: str) -> bool:
        return name_of(header) in self._names


def name_of(header: str) -> str:
    """The host in a `Host` header, without port and brackets; empty where the header is none."""
    try:
        split = urlsplit(f"//{header}")
        return split.hostname or "" if split.netloc == header and "@" not in header else ""
    except ValueError:
        return ""


def same_origin(origin: str, host: str) -> bool:
    """Whether a page at `origin` asks the host that it came from."""
    scheme, _, authority = origin.partition("://")
    return scheme in ("http", "https") and authority.lower() == host.lower()


def own_names() -> list[str]:
    """What this machine is called; `.local` is how others find it by mDNS."""
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    return list(dict.fromkeys((name, short, f"{short}.local")))


def own_addresses() -> list[str]:
    """The IP addresses of this machine, those first that others are likely to reach."""
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    found = [
        (_rank(name, each.address), each.address.partition("%")[0])
        for name, addresses in psutil.net_if_addrs().items()
        for each in addresses
        if name in up and each.family in (socket.AF_INET, socket.AF_INET6)
    ]
    return list(dict.fromkeys(address for _, address in sorted(found)))


def _rank(interface: str, address: str) -> tuple[bool, ...]:
    """Sorts what a phone in the same room could reach before the rest."""
    ip = ip_address(address.partition("%")[0])
    return ip.is_loopback, ip.is_link_local, interface.startswith(VIRTUAL), ip.version == 6
