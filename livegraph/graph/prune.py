"""What of a graph runs here: sinks that this machine cannot serve, and nodes that nothing uses, are left out."""

from __future__ import annotations

from livegraph.graph.draft import Draft, Step


def leave_out_unavailable(draft: Draft) -> None:
    """Take out sinks that cannot run here, with a note, as long as another remains; what else cannot is a problem."""
    reasons = {step.id: draft.ask(step, "unavailable", None) for step in draft.steps.values()}
    sinks = [step.id for step in draft.steps.values() if step.kind == "sink"]
    remaining = [name for name in sinks if not reasons[name]]
    for step in list(draft.steps.values()):
        reason = reasons[step.id]
        if not reason:
            continue
        if step.kind == "sink" and remaining:
            draft.notes.append(f"{step.id} is left out: {reason}")
            del draft.steps[step.id]
        elif not _serves_only(draft, step, set(sinks) - set(remaining)):
            draft.refuse(step.entry.use_place, f"{step.entry.use} cannot run here: {reason}", node=step.id)


def _serves_only(draft: Draft, step: Step, dropped: set[str]) -> bool:
    """Whether a node that is no sink would be left out anyway, with the sinks that it serves."""
    return step.kind != "sink" and bool(dropped) and not _reaches(draft, step.id)


def _reaches(draft: Draft, name: str) -> bool:
    return name in _used(draft)


def leave_out_unused(draft: Draft) -> None:
    """Take out, with a note, what leads to no sink."""
    used = _used(draft)
    for name in [name for name in draft.steps if name not in used]:
        draft.notes.append(f"{name} is left out: nothing that runs uses it")
        del draft.steps[name]


def _used(draft: Draft) -> set[str]:
    """All nodes from which a way leads to a sink, by wires, signals or feedback."""
    found = {step.id for step in draft.steps.values() if step.kind == "sink"}
    queue = list(found)
    for name in queue:
        step = draft.steps[name]
        feeding = [wire.src.node for wire in step.wires]
        for other in [*feeding, *step.functions.values(), *step.wired_functions.values()]:
            if other not in found and other in draft.steps:
                found.add(other)
                queue.append(other)
    return found
