"""What the plugin brings. Only names stand here: syphon-python is imported when a node is built."""

from __future__ import annotations

from collections.abc import Sequence

from livegraph import NodeSpec, ServiceSpec, hookimpl

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> Sequence[NodeSpec]:
    return [
        NodeSpec("syphon.in", "livegraph_syphon.input:SyphonIn", "Take the video of another program (macOS)"),
        NodeSpec("syphon.out", "livegraph_syphon.output:SyphonOut", "Show the stream to other programs (macOS)"),
    ]


@hookimpl
def livegraph_services() -> Sequence[ServiceSpec]:
    return [ServiceSpec("syphon", "livegraph_syphon.events:Events", "Who offers Syphon video")]
