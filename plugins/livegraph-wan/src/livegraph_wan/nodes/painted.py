"""What the modes share that repaint nothing: a source of pictures that are painted a chunk at a time."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, wait
from typing import Any, Literal, NamedTuple

import numpy as np

from livegraph import EndOfStream, Frame, Out, Param, Size, Source, Video
from livegraph_wan.backend import Pictures
from livegraph_wan.grid import MULTIPLE
from livegraph_wan.lane import Lane
from livegraph_wan.nodes.base import WanNode
from livegraph_wan.profile import Profile

SIZE = r"^(auto|[1-9]\d{1,4}x[1-9]\d{1,4})$"
WAIT_S = 0.25
"""How long one `read` waits for a chunk: well below what counts as hung, however long a chunk takes."""
LEAD = 1.5
"""The next chunk is begun when what is left of the last lasts this many times as long as a chunk takes to paint."""
PATIENCE_S = 4.0
"""How long a node that is rebuilt waits for the chunk in hand, so that two models need not fit into memory."""


class Chunk(NamedTuple):
    """What one call painted."""

    pictures: Pictures
    anew: bool
    """Whether it does not go on from the chunk before."""
    seconds: float
    """How long it took."""


class PaintedSource(WanNode, Source):
    """Pictures at a rate. A mode adds `_paint`.

    Live, a chunk is painted while the one before is shown, and begun as late as that allows, so that what was changed
    meanwhile is in it. Where painting is slower than the rate, time runs slower: pictures come evenly, each lasts
    longer, and nothing piles up. Offline every picture has the duration that the rate gives it.
    """

    paced = True
    out: Out[Video]
    size: str = Param("auto", live=True, pattern=SIZE, doc="WxH; auto: what the model prefers")
    fps: float = Param(16.0, gt=0, le=240, live=True, unit="fps", doc="pictures per second; Wan was trained at 16")
    frames: int = Param(0, ge=0, doc="how many pictures; 0: no end")
    duration: float = Param(0.0, ge=0, unit="s", doc="how long; 0: no end")
    live: Literal["auto", True, False] = Param("auto", doc="whether time passes by itself; auto: where there is no end")

    _lane: Lane | None = None

    @classmethod
    def is_live(cls, params: Any) -> bool:
        return (not params.frames and not params.duration) if params.live == "auto" else bool(params.live)

    @classmethod
    def fps_for(cls, params: Any) -> float | None:
        return float(params.fps)

    @classmethod
    def planned_size(cls, params: Any, profile: Profile, arriving: Size | None) -> Size:
        return profile.size if params.size == "auto" else _size(params.size)

    def setup(self) -> None:
        self._lane = Lane(self.ctx.node_id)
        self._lane.call(super().setup)
        self._ready: deque[Any] = deque()
        self._next: Future[Chunk] | None = None
        self._anew = self._slow = False
        self._painted_size: Size | None = None
        self._count, self._at_ns = 0, 0.0
        self._seconds = self._period_ns = 0.0

    def warm_up(self) -> None:
        assert self._lane is not None
        self._lane.call(super().warm_up)

    def read(self) -> Frame | EndOfStream | None:
        if self._has_ended(self._count):
            return EndOfStream()
        if not self._ready and not self._refill():
            return None
        picture = self._ready.popleft()
        if self.ctx.mode == "live":
            self._look_ahead()
        return self._frame(picture)

    def teardown(self) -> None:
        lane, self._lane = self._lane, None
        if lane is None:
            return
        done = lane.begin(super().teardown)
        lane.close()
        if not self.ctx.stopping() and wait([done], PATIENCE_S).done:
            done.result()

    def _paint(self, look: Any, size: Size) -> tuple[Pictures, bool]:
        """A chunk of `size`, multiples of 16, with the parameters `look`; whether it begins anew."""
        raise NotImplementedError(f"{type(self).__name__}._paint")

    def _has_ended(self, count: int) -> bool:
        """Whether `count` pictures are all."""
        ends = [self.params.frames] if self.params.frames else []
        if self.params.duration:
            ends.append(max(1, round(self.params.duration * self.params.fps)))
        return bool(ends) and count >= min(ends)

    def _look_ahead(self) -> None:
        """Begin the next chunk, if it is time."""
        left = len(self._ready)
        due = left * self._period_ns <= LEAD * 1e9 * self._seconds
        if self._next is None and due and not self._has_ended(self._count + 1 + left):
            self._next = self._begin()

    def _begin(self) -> Future[Chunk]:
        look, lane = self.params, self._lane
        assert lane is not None
        return lane.begin(lambda: self._chunk(look))

    def _chunk(self, look: Any) -> Chunk:
        began = time.perf_counter()
        self._artist.follow(look)
        width, height = size = self.size_of(look)
        pictures, anew = self._paint(look, filled_up(size))
        anew |= self._painted_size not in (None, size)
        self._painted_size = size
        return Chunk(pictures[:, :height, :width], anew, time.perf_counter() - began)

    def size_of(self, look: Any) -> Size:
        """Width and height of the pictures."""
        if look.size == "auto":
            return self._artist.profile.size
        return _size(look.size)

    def _refill(self) -> bool:
        """Whether there are pictures now."""
        self._next = chunk_ahead = self._next or self._begin()
        if not wait([chunk_ahead], WAIT_S).done:
            return False
        self._next = None
        chunk = chunk_ahead.result()
        self._ready.extend(chunk.pictures)
        self._anew |= chunk.anew
        self._keep_time(chunk)
        return bool(self._ready)

    def _keep_time(self, chunk: Chunk) -> None:
        """How long each of these pictures is shown: live, until the next are there."""
        self._seconds = (self._seconds + chunk.seconds) / 2 if self._seconds else chunk.seconds
        wanted = self._period_ns = 1e9 / self.params.fps
        if self.ctx.mode == "live" and len(chunk.pictures):
            self._period_ns = max(wanted, 1e9 * self._seconds / len(chunk.pictures))
        if self._period_ns > 1.1 * wanted and self._count and not self._slow:  # the first chunk is a short one
            self._slow = True
            rate = 1e9 / self._period_ns
            self.ctx.say(f"{rate:.3g} pictures/s are painted, {self.params.fps:g} were asked for: time runs slower")

    def _frame(self, picture: Any) -> Frame:
        pts_ns = round(self._at_ns)
        self._at_ns += self._period_ns
        self._count += 1
        anew, self._anew = self._anew, False
        now_ns = self.ctx.clock.now_ns()
        return Frame(pts_ns, 0, round(self._at_ns) - pts_ns, now_ns, np.ascontiguousarray(picture), discontinuity=anew)


def _size(written: str) -> Size:
    width, height = written.split("x")
    return int(width), int(height)


def filled_up(size: Size) -> Size:
    """The least multiples of 16 that hold it."""
    width, height = (-(-side // MULTIPLE) * MULTIPLE for side in size)
    return width, height
