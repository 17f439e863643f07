"""vision.similarity_skip."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from livegraph import Frame, In, Node, Out, Param, Signal, Video
from livegraph_vision.signals import calmness


class SimilaritySkip(Node):
    """Leave out frames that look like the last one kept, before costly nodes.

    The stochastic similarity filter of StreamDiffusion (Kodaira et al., 2023, section 3.4): with s the cosine
    similarity of this frame and the last one that was kept, the frame is left out with probability
    (s - threshold) / (1 - threshold), clamped to 0..1: a scene that comes to rest slows down softly where a hard
    threshold would stutter. Similarity is taken between full-range grey thumbnails of 64x64, so small noise does not
    count. At most `max_skip` frames in a row are left out; for these a Gap goes out.

    What is left out depends on the frames and on the graph's seed only: an offline run repeats.
    """

    video: In[Video] = In(formats=("yuv420p", "gray8", "rgb24"))
    energy: In[Signal] = In(optional=True, doc="0..1: the more, the less is left out (probability times 1 - energy)")
    out: Out[Video] = Out(like="video")
    threshold: float = Param(0.98, ge=0, le=1, live=True, doc="similarity up to which every frame is kept; 1 keeps all")
    max_skip: int = Param(10, ge=0, le=1000, live=True, unit="frames", doc="left out in a row at most")

    def setup(self) -> None:
        from livegraph_vision.similarity import cosine, thumbnail

        self._thumbnail, self._cosine = thumbnail, cosine
        self._random = random.Random(self.ctx.seed)
        self.reset()

    def reset(self) -> None:
        self._kept: NDArray[np.float32] | None = None
        self._skipped = 0

    def process(self, video: Frame, energy: Frame | None = None) -> Frame | None:
        seen = self._thumbnail(video.data)
        draw = self._random.random()  # one per frame, whatever is decided, so that decisions do not shift later ones
        if self._skipped < self.max_skip and draw < self._probability(seen) * calmness(energy):
            self._skipped += 1
            return None
        self._kept, self._skipped = seen, 0
        return video

    def _probability(self, seen: NDArray[np.float32]) -> float:
        if self._kept is None or self.threshold >= 1:
            return 0.0
        return min(1.0, max(0.0, (self._cosine(self._kept, seen) - self.threshold) / (1 - self.threshold)))
