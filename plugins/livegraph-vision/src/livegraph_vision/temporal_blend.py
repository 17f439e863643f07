"""vision.temporal_blend."""

from __future__ import annotations

from typing import Any, Literal

from livegraph import Frame, In, Node, Out, Param, Signal, Video, Yuv420p, pixel_format, size_of
from livegraph_vision.planes import Picture, planes_of, with_planes
from livegraph_vision.signals import calmness


class TemporalBlend(Node):
    """Mix each frame with the one before it.

    `trail`: with the one before it as it was shown, out[n] = (1 - ratio) in[n] + ratio out[n-1]. Movement leaves a
    trail that fades by `ratio` per frame: after k frames, ratio^k of it is left; half after ln 0.5 / ln ratio frames
    (0.6 at 0.3, 6.6 at 0.9). At 1 the picture freezes.
    `pair`: with the one before it as it came in, out[n] = (1 - ratio) in[n] + ratio in[n-1]. Two pictures, no trail;
    at 1 it is the picture before.

    A jump in time, or another size or format, starts afresh with the picture as it comes in.
    """

    video: In[Video] = In(formats=("yuv420p", "rgb24", "gray8"))
    energy: In[Signal] = In(optional=True, doc="0..1: the more, the less is blended (ratio times 1 - energy)")
    out: Out[Video] = Out(like="video")
    ratio: float = Param(0.3, ge=0, le=1, live=True, doc="share of the picture before")
    mode: Literal["trail", "pair"] = Param(
        "trail", doc="what is mixed in: the picture before as it was shown (trail), or as it came in (pair)"
    )

    def setup(self) -> None:
        from livegraph_vision.mixing import Pair, Trail

        self._mixer = Pair if self.mode == "pair" else Trail
        self.reset()

    def reset(self) -> None:
        self._mixers = [self._mixer() for _ in "yuv"]
        self._kind: object = None

    def process(self, video: Frame, energy: Frame | None = None) -> Frame:
        picture = video.data
        kind = _kind(picture)
        if kind != self._kind:
            self.reset()
            self._kind = kind
        ratio = self.ratio * calmness(energy)
        planes = planes_of(picture)
        mixed = [mixer.mix(plane, ratio) for mixer, plane in zip(self._mixers, planes, strict=False)]
        if all(new is old for new, old in zip(mixed, planes, strict=True)):
            return video
        return video.with_data(with_planes(picture, mixed))


def _kind(picture: Picture) -> tuple[Any, ...]:
    """What must agree between two pictures for their levels to be comparable."""
    levels = (picture.matrix, picture.full_range) if isinstance(picture, Yuv420p) else ()
    return pixel_format(picture), size_of(picture), *levels
