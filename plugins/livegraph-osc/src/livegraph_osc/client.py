"""Who sends, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from livegraph_osc.places import Place

Send = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Client:
    """Who sent a packet. `name` is `host:port`; `send` answers to where it came from, `send_to` to a port of the same
    host, where the transport has such (UDP).
    """

    name: str
    send: Send
    send_to: Callable[[int], Send] | None = None


@dataclass(slots=True)
class Subscriber:
    """Who is told of changes, except of those that they made: `origin`, or all who begin with `same_host`."""

    origin: str
    send: Send
    norm: bool = False
    expires_s: float | None = None
    same_host: str = ""
    only: set[str] | None = field(default=None)
    """Addresses; None: all."""

    def wants(self, place: Place, origin: Any) -> bool:
        if self.only is not None:
            return place.address in self.only and origin != self.origin
        if place.norm and not self.norm:
            return False
        return origin != self.origin and not (self.same_host and str(origin or "").startswith(self.same_host))
