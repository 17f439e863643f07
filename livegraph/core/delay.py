"""`core.delay`: the picture of some frames ago."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from livegraph.declare import In, Out
from livegraph.frame import Frame
from livegraph.node import Node
from livegraph.params import Param
from livegraph.types import AnyPort


class Delay(Node):
    """The input of `frames` frames ago, at the present moment.

    Where it feeds an input other than a node's first (a cycle, an echo) the plan makes it a property of that wire, and
    the port is empty for the first frames; live, where the wire cannot hold so many, the oldest that it holds comes
    back, and the run says so. In front of a first input it is a node of its own: nothing comes out for
    the first frames.
    """

    video: In[AnyPort] = In(doc="what is to be delayed")
    out: Out[AnyPort] = Out(like="video")
    frames: int = Param(1, ge=1, le=1000, doc="how many frames back")

    def setup(self) -> None:
        self._past: deque[Frame] = deque()

    def reset(self) -> None:
        self._past.clear()

    def process(self, video: Frame) -> Frame | None:
        self._past.append(video)
        if len(self._past) <= self.params.frames:
            return None
        past = self._past.popleft()
        return replace(video, data=past.data, meta=past.meta)
