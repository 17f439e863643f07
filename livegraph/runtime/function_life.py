"""A computed signal's object: set up when the run starts, torn down after all who read it."""

from __future__ import annotations

from livegraph.node import Function
from livegraph.runtime.life import Life


class FunctionLife(Life):
    """Of its calls only set-up and teardown are its own; readers evaluate copies of it (`Signals`)."""

    @property
    def function(self) -> Function:
        assert isinstance(self.node, Function)
        return self.node
