"""Which Syphon servers there are, and which one is meant."""

from __future__ import annotations

import time
from collections.abc import Sequence

from livegraph import NodeError
from livegraph_syphon.events import Events
from livegraph_syphon.library import Description

FIND_S = 2.0
_POLL_S = 0.05


class NoServer(NodeError):
    """The server is not there now; it may come later."""


def find_server(events: Events, wanted: str) -> Description:
    """The server that `wanted` names, looked for a while; NoServer lists those that there are."""
    until = time.monotonic() + FIND_S
    while (found := matching(wanted, servers := events.servers())) is None:
        if time.monotonic() >= until:
            raise NoServer(nothing_found(wanted, servers))
        time.sleep(_POLL_S)
    return found


def label(server: Description) -> str:
    """`Program: name`, as a list shows it; many programs have one server, without a name."""
    return f"{server.app_name}: {server.name}" if server.name else server.app_name


def matching(wanted: str, servers: Sequence[Description]) -> Description | None:
    """The server meant by `auto` (the first by label), by label, by name, or by its program."""
    for server in sorted(servers, key=label):
        if wanted == "auto" or wanted in (label(server), server.name, server.app_name):
            return server
    return None


def nothing_found(wanted: str, servers: Sequence[Description]) -> str:
    what = "no Syphon server" if wanted == "auto" else f"no Syphon server {wanted!r}"
    there = f"there are: {', '.join(sorted(map(label, servers)))}" if servers else "no program offers one"
    return f"{what}; {there}"
