"""Which source leads a node, and how each further input meets its primary."""

from __future__ import annotations

from livegraph.graph.draft import Draft, Step, Wire
from livegraph.graph.feedback import first_port
from livegraph.graph.plan import Role


def assign_roles(draft: Draft) -> None:
    """Sort each node's wires, primary first, and give them roles; give each node its lead."""
    for step in draft.order():
        _sort(step)
        primary = step.primary()
        if step.kind == "source":
            step.lead = step.id
        elif primary is not None:
            step.lead = draft.steps[primary.src.node].lead
        elif not step.is_function:
            _refuse_pulseless(draft, step)
        if primary is not None and primary.said.join is not None:
            draft.refuse(
                primary.said.place,
                f"join: {primary.said.join} has no meaning here: this input comes first and sets the pace",
                node=step.id,
                port=primary.port,
            )
        for wire in step.wires[1:]:
            if wire.role != "feedback":
                wire.role = _role(draft, step, wire)


def _sort(step: Step) -> None:
    first = first_port(step)
    declared = {name: index for index, name in enumerate(step.cls.inputs)}
    step.wires.sort(key=lambda wire: (wire.port != first, declared.get(wire.port, len(declared))))
    for wire in step.wires:
        if wire.role != "feedback":
            wire.role = "primary" if wire.declared is not None and wire.port == first else "hold"


def _refuse_pulseless(draft: Draft, step: Step) -> None:
    """Frames must come to some input: signals and parameters give a node no moments of its own."""
    if step.wires or step.functions:
        draft.refuse(step.place, "nothing but signals comes in: no frame says when to work", node=step.id)
    elif step.cls.inputs:
        first = next(iter(step.cls.inputs))
        draft.refuse(step.place, "nothing comes in", node=step.id, port=first, hint="Connect at least one input.")


def _role(draft: Draft, step: Step, wire: Wire) -> Role:
    """What the reference says, else the port, else `exact` within one lead source and `hold` across."""
    if wire.declared is None:
        return "hold"
    same = draft.steps[wire.src.node].lead == step.lead
    said, declared = wire.said.join, wire.declared.join
    if (said == "merge") != (declared == "merge") and said is not None:
        what = "takes join: merge and no other" if declared == "merge" else "does not take join: merge"
        draft.refuse(wire.said.place, f"this input {what}", node=step.id, port=wire.port)
    return said or declared or ("exact" if same else "hold")


def refuse_strangers(draft: Draft) -> None:
    """Live, frames of two sources never carry equal pts: an `exact` join of them would wait for ever."""
    for wire in draft.wires():
        source, step = draft.steps[wire.src.node], draft.steps[wire.dst]
        if wire.role == "exact" and draft.mode == "live" and source.lead != step.lead:
            draft.problems.add(
                wire.said.place,
                f"join: exact, but {source.id} follows {source.lead} and {step.id} follows {step.lead}: "
                "their frames never fall on the same moment",
                node=step.id,
                port=wire.port,
                hint="Write `join: hold` or `join: nearest`.",
            )
