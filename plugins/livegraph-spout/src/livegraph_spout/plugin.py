"""What the plugin brings. Only names stand here: SpoutGL is imported when a node is built."""

from __future__ import annotations

from collections.abc import Sequence

from livegraph import NodeSpec, hookimpl

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> Sequence[NodeSpec]:
    return [
        NodeSpec("spout.in", "livegraph_spout.input:SpoutIn", "Take the video of another program (Windows)"),
        NodeSpec("spout.out", "livegraph_spout.output:SpoutOut", "Show the stream to other programs (Windows)"),
    ]
