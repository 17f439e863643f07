"""What the tests of nodes that paint from nothing do with them."""

from __future__ import annotations

from typing import Any

from livegraph import EndOfStream, Frame
from livegraph_wan.nodes.painted import PaintedSource


def read(node: PaintedSource, count: int) -> list[Frame]:
    """The next `count` pictures, however often `read` says that there is none yet."""
    frames: list[Frame] = []
    while len(frames) < count:
        got = node.read()
        assert not isinstance(got, EndOfStream)
        if got is not None:
            frames.append(got)
    return frames


def change(node: PaintedSource, **params: Any) -> None:
    node.params = node.params.model_copy(update=params)
