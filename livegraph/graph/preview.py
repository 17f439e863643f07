"""What `--serve` adds to a graph: a node that shows its picture on the run's page, where the graph has none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from livegraph.errors import PluginError
from livegraph.graph.references import EdgeEntry, Reference
from livegraph.graph.schema import GraphFile, NodeEntry
from livegraph.node import Node, Sink
from livegraph.registry import Registry

NODE = "web.mjpeg"


def with_preview(file: GraphFile, registry: Registry) -> GraphFile:
    """The graph with a node that shows what its first sink for video gets, unless a sink of its own is on the page. The
    preview takes the newest picture and holds no credit, so that what is there runs as it did.
    """
    if NODE not in registry.nodes():
        return file
    sinks = list(_sinks(file, registry))
    shown = next(filter(None, (_shown(entry, cls) for entry, cls in sinks)), None)
    if shown is None or any(cls.on_page for _, cls in sinks):
        return file
    beside, reference = shown
    name = _free("preview", file)
    entry = NodeEntry(name, beside.place, NODE, beside.use_place, {"": _newest(reference)})
    return replace(file, nodes={**file.nodes, name: entry})


def _sinks(file: GraphFile, registry: Registry) -> Iterator[tuple[NodeEntry, type[Sink]]]:
    """What is wrong with the others is said when they are assembled."""
    for entry in file.nodes.values():
        try:
            cls: type[Node] = registry.node(entry.use)
        except PluginError:
            continue
        if issubclass(cls, Sink):
            yield entry, cls


def _shown(entry: NodeEntry, cls: type[Sink]) -> tuple[NodeEntry, Reference] | None:
    """The sink, and the wire of its video."""
    videos = [name for name, port in cls.inputs.items() if port.type.name == "Video"]
    wired = (entry.inputs.get(name) or entry.inputs.get("") for name in videos)
    return next(((entry, reference) for reference in wired if reference is not None), None)


def _newest(reference: Reference) -> Reference:
    return replace(reference, edge=EdgeEntry("latest"), optional=None, join=None)


def _free(name: str, file: GraphFile) -> str:
    taken = {*file.nodes, *file.broken, *file.controls}
    return next(each for each in (name, *(f"{name}{n}" for n in range(2, len(taken) + 3))) if each not in taken)


__all__ = ["with_preview"]
