"""What `--serve` adds to a graph: a node that shows its picture on the run's page, where the graph has none."""

from __future__ import annotations

from dataclasses import replace

from livegraph.errors import PluginError
from livegraph.graph.document import Value
from livegraph.graph.references import EdgeEntry, Reference
from livegraph.graph.schema import GraphFile, NodeEntry
from livegraph.node import Sink
from livegraph.registry import Registry

NODE = "web.mjpeg"
PAGES = ("web.", "webrtc.")
"""What the types begin with of nodes that are on the page by themselves."""


def with_preview(file: GraphFile, registry: Registry) -> GraphFile:
    """The graph with a node that shows what its first sink for video gets. The preview takes the newest picture and
    holds no credit, so that what is there runs as it did.
    """
    if NODE not in registry.nodes() or any(entry.use.startswith(PAGES) for entry in file.nodes.values()):
        return file
    shown = next((entry for entry in file.nodes.values() if _shows(entry, registry)), None)
    if shown is None:
        return file
    name = _free("preview", file)
    (reference,) = shown.inputs.values()
    inputs = {"": _newest(reference)}
    entry = replace(shown, id=name, use=NODE, inputs=inputs, input_places={}, params=Value({}), on_error=None)
    return replace(file, nodes={**file.nodes, name: entry})


def _shows(entry: NodeEntry, registry: Registry) -> bool:
    """Whether it is a sink that is given one video. What is wrong with others is said when they are assembled."""
    try:
        cls = registry.node(entry.use)
    except PluginError:
        return False
    ports = list(cls.inputs.values())
    return issubclass(cls, Sink) and bool(ports) and ports[0].type.name == "Video" and len(entry.inputs) == 1


def _newest(reference: Reference) -> Reference:
    return replace(reference, edge=EdgeEntry("latest"), optional=None, join=None)


def _free(name: str, file: GraphFile) -> str:
    taken = {*file.nodes, *file.broken, *file.controls}
    return next(each for each in (name, *(f"{name}{n}" for n in range(2, len(taken) + 3))) if each not in taken)


__all__ = ["with_preview"]
