"""From references to wires: which output, which input, and whether they fit."""

from __future__ import annotations

from collections.abc import Mapping

from livegraph.declare import InPort, OutPort
from livegraph.graph.draft import Draft, Step, Wire
from livegraph.graph.feeds import Feed
from livegraph.graph.parameters import takes_fractions
from livegraph.graph.plan import PortRef, Shape
from livegraph.graph.problems import Place, did_you_mean
from livegraph.graph.references import Reference
from livegraph.params import flag
from livegraph.registry import nearest
from livegraph.wording import there_are


def connect(draft: Draft, step: Step, wired: Mapping[str, Feed]) -> None:
    """Make the wires of a node: its `in`, and the parameters that are `wired`. Problems are noted in the draft."""
    garbled = step.entry.garbled
    tried = set(step.cls.inputs if "" in garbled else garbled)
    draft.sound = draft.sound and not garbled
    for name, reference in step.entry.inputs.items():
        port = _input_port(draft, step, name, reference)
        if port is None:
            meant = nearest(name, step.cls.inputs) if name else None
            tried.update((meant,) if meant else () if name else step.cls.inputs)
            continue
        tried.add(port.name)
        _connect_port(draft, step, port, reference)
    for port in step.cls.inputs.values():
        if port.name not in tried and not port.optional:
            draft.refuse(
                step.place,
                "this input is not connected",
                node=step.id,
                port=port.name,
                hint=f"Write `in: {{{port.name}: node}}`." if len(step.cls.inputs) > 1 else "Write `in: node`.",
            )
    for name, feed in wired.items():
        _connect_param(draft, step, name, feed.reference)
        if feed.shape != Shape():
            step.shapes[name] = feed.shape


def _input_port(draft: Draft, step: Step, name: str, reference: Reference) -> InPort | None:
    ports = step.cls.inputs
    place = step.entry.input_places.get(name, reference.place)
    if not ports:
        draft.refuse(place, f"{step.entry.use} is a {step.kind}: it takes no input", node=step.id)
        return None
    if name:
        if name not in ports:
            hint = did_you_mean(nearest(name, ports), there_are(ports))
            draft.refuse(place, f"{step.entry.use} has no input {name!r}", node=step.id, port=name, hint=hint)
        return ports.get(name)
    needed = [port for port in ports.values() if not port.optional]
    single = needed if len(needed) == 1 else list(ports.values())
    if len(single) == 1:
        return single[0]
    first = next(iter(ports))
    draft.refuse(
        place,
        f"{step.entry.use} has the inputs {', '.join(ports)}: say which",
        node=step.id,
        hint=f"Write `in: {{{first}: {reference.node}}}`.",
    )
    return None


def _connect_port(draft: Draft, step: Step, port: InPort, reference: Reference) -> None:
    output = find_output(draft, reference, step.id, port.name)
    if output is None:
        return
    source, out = output
    if not port.type.accepts(out.type):
        draft.refuse(
            reference.place,
            f"takes {port.type.name}, and {source.id}.{out.name} gives {out.type.name}",
            node=step.id,
            port=port.name,
        )
    elif source.is_function:
        _connect_function(draft, step, port.name, reference)
    else:
        step.wires.append(Wire(PortRef(source.id, out.name), step.id, port.name, reference, port))


def _connect_function(draft: Draft, step: Step, port: str, reference: Reference) -> None:
    step.functions[port] = reference.node
    if reference != Reference(reference.node, reference.port, reference.place, optional=reference.optional):
        draft.refuse(
            reference.place,
            f"{reference.node} is computed at the time of each frame: nothing to join, to buffer or to wait for",
            node=step.id,
            port=port,
            hint=f"Write `{reference.node}` alone.",
        )


def _connect_param(draft: Draft, step: Step, name: str, reference: Reference) -> None:
    model = step.cls.Params
    if not flag(model, name, "live"):
        draft.refuse(
            reference.place,
            f"parameter {name} cannot be wired: the node is rebuilt when it changes",
            node=step.id,
            hint="Only live parameters follow a signal.",
        )
        return
    if not takes_fractions(model.model_fields[name].annotation):
        draft.refuse(reference.place, f"parameter {name} cannot be wired: it is no real number", node=step.id)
        return
    output = find_output(draft, reference, step.id, None)
    if output is None:
        return
    source, out = output
    if out.type.name != "Signal":
        draft.refuse(
            reference.place,
            f"parameter {name} takes a Signal, and {source.id}.{out.name} gives {out.type.name}",
            node=step.id,
        )
    elif source.is_function:
        step.wired_functions[name] = source.id
    elif step.is_function:
        draft.refuse(
            reference.place,
            f"parameter {name} cannot follow {source.id}: no frames come to {step.id}, which is computed",
            node=step.id,
            hint=f"Put core.math behind {source.id}, and wire what comes out of it.",
        )
    else:
        step.wires.append(Wire(PortRef(source.id, out.name), step.id, name, reference, None))


def find_output(draft: Draft, reference: Reference, node: str, port: str | None) -> tuple[Step, OutPort] | None:
    """The output that a reference means: the one named, else the only one, else the one called `out`."""
    source = draft.steps.get(reference.node)
    if source is None:
        if reference.node not in draft.missing:
            hint = did_you_mean(nearest(reference.node, [*draft.steps, *draft.missing]), _nodes_there(draft))
            draft.refuse(reference.place, f"no node {reference.node!r}", node=node, port=port, hint=hint)
        draft.sound = False
        return None
    outputs = source.cls.outputs
    out = outputs.get(reference.port or "out")
    if out is None and not reference.port and len(outputs) == 1:
        out = next(iter(outputs.values()))
    if out is None:
        _no_output(draft, reference, source, node, port)
        return None
    return source, out


def _nodes_there(draft: Draft) -> str:
    return there_are([*draft.steps, *sorted(draft.missing)])


def _no_output(draft: Draft, reference: Reference, source: Step, node: str, port: str | None) -> None:
    outputs = source.cls.outputs
    place: Place = reference.place
    if not outputs:
        what = "is a sink: nothing comes out of it" if source.kind == "sink" else "has no outputs"
        draft.refuse(place, f"{source.id} {what}", node=node, port=port)
    elif not reference.port:
        first = next(iter(outputs))
        draft.refuse(
            place,
            f"{source.id} has the outputs {', '.join(outputs)}: say which",
            node=node,
            port=port,
            hint=f"Write `{source.id}.{first}`.",
        )
    else:
        hint = did_you_mean(nearest(reference.port, outputs), there_are(outputs))
        draft.refuse(place, f"{source.id} has no output {reference.port!r}", node=node, port=port, hint=hint)
