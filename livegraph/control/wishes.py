"""What people want of parameters that the machine has set otherwise for the time being."""

from __future__ import annotations

from typing import Any

from livegraph.params import Params


class Wishes:
    """A wish is kept from the first passing change of a parameter until somebody sets it, or it is as wished again."""

    def __init__(self) -> None:
        self._wished: dict[str, dict[str, Any]] = {}

    def note(self, node: str, before: Params, after: Params, param: str, *, passing: bool) -> None:
        """A parameter is about to change; `passing`: by the machine, for a while."""
        kept = self._wished.setdefault(node, {})
        wish = kept.get(param, getattr(before, param))
        if passing and wish != getattr(after, param):
            kept[param] = wish
        else:
            kept.pop(param, None)

    def of(self, node: str, now: Params) -> Params:
        """How a node would be if all were as people want it."""
        kept = self._wished.get(node)
        return now.model_copy(update=kept) if kept else now
