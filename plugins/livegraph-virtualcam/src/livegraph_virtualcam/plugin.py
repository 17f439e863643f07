"""What the plugin brings. Only names stand here: pyvirtualcam is imported when a node is built."""

from __future__ import annotations

from collections.abc import Sequence

from livegraph import NodeSpec, hookimpl

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> Sequence[NodeSpec]:
    summary = "Show the stream as a camera of this machine, for video calls and browsers"
    return [NodeSpec("vcam.out", "livegraph_virtualcam.output:VirtualCam", summary)]
