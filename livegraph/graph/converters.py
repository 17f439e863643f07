"""Puts a `core.convert` behind each output whose format a receiver does not take; one per output and format."""

from __future__ import annotations

from livegraph.core.convert import target_of
from livegraph.core.converter import Convert
from livegraph.graph.draft import Draft, Step, Wire
from livegraph.graph.plan import PortRef
from livegraph.graph.references import Reference
from livegraph.graph.schema import NodeEntry
from livegraph.registry import Registry
from livegraph.types import PixelFormat


def insert_converters(draft: Draft, registry: Registry) -> None:
    """Lead each wire whose format is not its output's over a converter, named `camera.out:rgb24`."""
    for wire in list(draft.wires()):
        made = draft.steps[wire.src.node].formats.get(wire.src.port)
        if made is None or wire.format in (None, made):
            continue
        name = f"{wire.src}:{wire.format}"
        if name not in draft.steps:
            draft.steps[name] = _converter(draft, registry, name, wire, made)
            draft.notes.append(f"{wire.src} gives {made}: converted to {wire.format} for {_takers(draft, wire)}")
        wire.src = PortRef(name, "out")


def _converter(draft: Draft, registry: Registry, name: str, wire: Wire, made: PixelFormat) -> Step:
    assert wire.format is not None
    source = draft.steps[wire.src.node]
    spec = registry.converter(made, wire.format)
    target = spec.target if spec else target_of(made, wire.format)
    reference = Reference(wire.src.node, wire.src.port, wire.said.place)
    step = Step(
        NodeEntry(name, source.place, "core.convert", source.entry.use_place, {"video": reference}),
        Convert,
        Convert.Params.model_validate({"format": wire.format, "via": target}),
        {},
        lead=source.lead,
    )
    step.wires.append(Wire(wire.src, name, "video", reference, Convert.inputs["video"], format=made))
    step.formats = {"video": made, "out": wire.format}
    return step


def _takers(draft: Draft, wire: Wire) -> str:
    alike = [other.dst for other in draft.wires() if other.src == wire.src and other.format == wire.format]
    return ", ".join(dict.fromkeys(alike))
