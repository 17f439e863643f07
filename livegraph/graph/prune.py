"""What of a graph runs here: sinks that this machine cannot serve, and nodes that nothing uses, are left out."""

from __future__ import annotations

from livegraph.graph.draft import Draft


def leave_out_unavailable(draft: Draft) -> None:
    """Take out sinks that cannot run here, with a note, as long as another remains. Anything else that cannot run is a
    problem, unless it served those sinks alone.
    """
    reasons = {step.id: reason for step in draft.steps.values() if (reason := draft.ask(step, "unavailable", None))}
    sinks = [step.id for step in draft.steps.values() if step.kind == "sink"]
    if any(name not in reasons for name in sinks):
        for name in [name for name in sinks if name in reasons]:
            draft.notes.append(f"{name} is left out: {reasons[name]}")
            del draft.steps[name]
    used = _used(draft)
    for step in draft.steps.values():
        if step.id in reasons and step.id in used:
            message = f"{step.entry.use} cannot run here: {reasons[step.id]}"
            draft.refuse(step.entry.use_place, message, node=step.id)


def leave_out_unused(draft: Draft) -> None:
    """Take out, with a note, what leads to no sink."""
    used = _used(draft)
    for name in [name for name in draft.steps if name not in used]:
        draft.notes.append(f"{name} is left out: nothing that runs uses it")
        del draft.steps[name]


def _used(draft: Draft) -> set[str]:
    """All nodes from which a way leads to a sink, by wires, signals or feedback."""
    queue = [step.id for step in draft.steps.values() if step.kind == "sink"]
    found = set(queue)
    for name in queue:
        step = draft.steps[name]
        feeding = [wire.src.node for wire in step.wires]
        for other in [*feeding, *step.read_functions()]:
            if other not in found:
                found.add(other)
                queue.append(other)
    return found
