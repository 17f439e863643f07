"""The web server of a run. Other plugins get it by `self.ctx.service("web")`, a `Server`, and build on these names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from livegraph_server.offers import Input, Output

if TYPE_CHECKING:
    from livegraph_server.server import Server


def __getattr__(name: str) -> Any:
    """`Server` is imported when it is asked for: it brings FastAPI, and this package is imported at every start."""
    if name == "Server":
        from livegraph_server.server import Server

        return Server
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["Input", "Output", "Server"]
