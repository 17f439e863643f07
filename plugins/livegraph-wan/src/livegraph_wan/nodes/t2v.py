"""wan.t2v."""

from __future__ import annotations

from typing import Any

from livegraph import Param, Size
from livegraph_wan.backend import Pictures
from livegraph_wan.nodes.painted import PaintedSource, filled_up


class WanT2V(PaintedSource):
    """Paint video from a prompt alone, without end, a block of pictures at a time.

    The prompt leads: change it, and the scene becomes the other, at once or over `transition` seconds. It takes a model
    that was trained for that, and a GPU: `livegraph models pull self-forcing-1.3b`. wan-nano, which comes with the
    plugin, only repaints.
    """

    task = "t2v"
    prompt: str = Param(
        "waves roll onto a beach at dusk, a wide shot, soft light",
        live=True,
        doc="what shall be seen; several in weights: `a forest in fog: 2 | a city at night: 1`",
    )

    def _paint(self, look: Any, size: Size) -> tuple[Pictures, bool]:
        stream = self._artist.stream
        painted = self._artist.paced(
            look.steps, look.target_fps, lambda steps: stream.paint(size, steps=steps, seed=look.seed)
        )
        return painted, False

    def _paint_trial(self) -> object:
        return self._artist.stream.paint(filled_up(self.size_of(self.params)))
