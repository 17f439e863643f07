"""Picture sizes: what a source should deliver, and what reaches a node."""

from __future__ import annotations

from livegraph.graph.draft import Draft, Step
from livegraph.types import Size


def hint_sizes(draft: Draft) -> None:
    """Set `size_hint` of every source. A node that sets its output's size hides what comes after it."""
    follows: dict[str, list[Step]] = {}
    for step in draft.steps.values():
        primary = step.primary()
        if primary is not None:
            follows.setdefault(primary.src.node, []).append(step)
    for step in draft.steps.values():
        if step.kind == "source":
            step.size_hint = _preferred(draft, step, follows)


def _preferred(draft: Draft, source: Step, follows: dict[str, list[Step]]) -> Size | None:
    """Breadth first, so that the nearest wins, and among equals the one that stands first in the file."""
    queue = list(follows.get(source.id, ()))
    for step in queue:
        size: Size | None = draft.ask(step, "preferred_size", None)
        if size is not None:
            return size
        if draft.ask(step, "output_size", None) is None:
            queue.extend(follows.get(step.id, ()))
    return None


def foresee_memory(draft: Draft) -> None:
    """Ask every node what it will hold at the size of the pictures that reach it."""
    for step in draft.steps.values():
        step.memory = tuple(draft.ask(step, "memory_for", (), _arriving(draft, step)))


def _arriving(draft: Draft, step: Step) -> Size | None:
    """What the nearest node before it that says so gives, back to a source that gives what it is asked for."""
    before = step.primary()
    while before is not None:
        step = draft.steps[before.src.node]
        size: Size | None = draft.ask(step, "output_size", None)
        if size is not None:
            return size
        before = step.primary()
    return step.size_hint
