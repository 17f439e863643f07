"""What the plugin brings. Only names stand here: cyndilib is imported when a node is built."""

from __future__ import annotations

from collections.abc import Sequence

from livegraph import NodeSpec, hookimpl

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> Sequence[NodeSpec]:
    return [
        NodeSpec("ndi.in", "livegraph_ndi.input:NdiIn", "Take the video of an NDI source in the network"),
        NodeSpec("ndi.out", "livegraph_ndi.output:NdiOut", "Show the stream to NDI receivers in the network"),
    ]
