"""What the plugin brings. Only names stand here: NumPy's transforms are imported when a node is built."""

from __future__ import annotations

from collections.abc import Sequence

from livegraph import NodeSpec, hookimpl

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> Sequence[NodeSpec]:
    return [NodeSpec("audio.level", "livegraph_audio.level:Level", "How loud sound is, in all and by bands")]
