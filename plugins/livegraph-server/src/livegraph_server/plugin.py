"""What the plugin brings. Only names stand here: FastAPI is imported when a run is served."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from livegraph import NodeSpec, ServiceSpec, hookimpl

if TYPE_CHECKING:
    import typer

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> Sequence[NodeSpec]:
    return [
        NodeSpec("web.mjpeg", "livegraph_server.mjpeg:Mjpeg", "Show the stream on a web page, as MJPEG"),
        NodeSpec("web.socket_in", "livegraph_server.socket_in:SocketIn", "Take pictures sent over a WebSocket"),
        NodeSpec("web.socket_out", "livegraph_server.socket_out:SocketOut", "Send the stream over a WebSocket"),
    ]


@hookimpl
def livegraph_services() -> Sequence[ServiceSpec]:
    return [ServiceSpec("web", "livegraph_server.server:Server", "The run's web page, API and metrics")]


@hookimpl
def livegraph_commands(app: typer.Typer) -> None:
    from livegraph_server.ctl import app as ctl

    app.add_typer(ctl, name="ctl")
