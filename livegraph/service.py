"""What the nodes of one run share: a plugin's service, such as an HTTP server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

DEFAULT_HOST = "127.0.0.1"


class Service(Protocol):
    """Made for a run when somebody first asks for it, closed when all nodes are."""

    def close(self) -> None:
        """Let go of everything; returns within seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Serving:
    """Where a run may be reached over the network: what `livegraph run` was told."""

    asked: bool = False
    """`--serve`: also where no node asks for it."""
    host: str = DEFAULT_HOST
    """`--host`: the address to listen at."""
    port: int | None = None
    """`--port`; None: one that is free."""
    tls: str | None = None
    """`--tls`: `auto`, or `CERT,KEY`; None: plain HTTP."""


__all__ = ["Service", "Serving"]
