"""The picture size that a source should deliver: what the first node after it that cares works best at."""

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
