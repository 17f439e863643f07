"""What the plugin brings. Only names stand here: pygame is imported when a window opens."""

from __future__ import annotations

from collections.abc import Sequence

from livegraph import NodeSpec, hookimpl

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> Sequence[NodeSpec]:
    return [NodeSpec("window.show", "livegraph_window.show:Show", "Show the stream in a window, or on a full screen")]
