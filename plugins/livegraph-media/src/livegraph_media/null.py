"""`media.null`: the end of a branch whose frames nobody keeps."""

from __future__ import annotations

from livegraph import AnyPort, Frame, In, Sink


class Null(Sink):
    """Swallows whatever comes, and counts it: for measuring, and for a branch that is not wanted now."""

    input: In[AnyPort]

    def setup(self) -> None:
        self.frames = 0

    def process(self, input: Frame) -> None:
        self.frames += 1

    def teardown(self) -> None:
        self.ctx.log.info("%s: swallowed %d frames", self.ctx.node_id, self.frames)
