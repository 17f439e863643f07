"""Which latent frame of a stream lies where in the cache, and at which position it counts. Pure logic, no tensors.

The cache has `window` slots: the first `sink` keep the stream's first frames for good, the others are a ring (attention
does not care about order). A frame is a latent frame; frames come in blocks.
"""

from typing import Literal, NamedTuple

RopeMode = Literal["relative", "absolute"]


class Place(NamedTuple):
    """Where a block goes, and what it sees."""

    slot: int
    """First slot of the block; the others follow."""
    filled: int
    """Slots to attend to, from 0 on, the block's own among them."""
    queries: tuple[int, ...]
    """Position of each of the block's frames."""
    keys: tuple[int, ...]
    """Position of each filled slot."""


class Window:
    """The bookkeeping of one stream.

    Positions are counted from the stream's start, up to a limit where the stream then stands still while what it
    remembers moves back: rotary embedding knows distances only, so nothing jumps. `relative` puts the limit at the
    window's length, so that no distance is ever longer; `absolute` at `limit` (None: nowhere), for checkpoints that
    were trained with a sink far behind.
    """

    def __init__(self, window: int, *, sink: int = 0, block: int = 1, mode: RopeMode, limit: int | None = None) -> None:
        if sink % block or (window - sink) % block or window - sink < block:
            raise ValueError(
                f"window {window} and sink {sink} must leave whole blocks of {block} frames: "
                "choose multiples of it, with window - sink at least one block"
            )
        self.window, self.sink, self.block = window, sink, block
        self._relative = mode == "relative"
        self._limit = window if self._relative else limit
        self.reset()

    def reset(self) -> None:
        """The next block is the first of a stream."""
        self.started = 0
        self._skipped = 0

    @property
    def alone(self) -> bool:
        """Whether a block sees nothing but itself: then a layer's keys and values need not outlast it."""
        return self.window == self.block

    @property
    def frames(self) -> int:
        """How many frames are attended to, the current block's among them."""
        return min(self.started, self.window)

    def begin_block(self) -> Place:
        """Make room for the next block; every pass until the next call overwrites it."""
        first = self.started
        self.started += self.block
        positions = [0] * self.frames
        for frame in self._kept():
            positions[self._slot_of(frame)] = self._position_of(frame)
        own = tuple(self._position_of(first + i) for i in range(self.block))
        return Place(self._slot_of(first), self.frames, own, tuple(positions))

    def slots(self) -> list[int]:
        """The first slot of every block that is kept, oldest first."""
        return [self._slot_of(frame) for frame in self._kept()[:: self.block]]

    def rewind(self) -> None:
        """Begin again with the blocks that are kept, which are to be put in anew, in the order of `slots`."""
        if not self._relative:  # the sink stays as far behind as it was
            self._skipped += self.started - self.frames
        self.started = 0

    def _kept(self) -> list[int]:
        if self.started <= self.window:
            return list(range(self.started))
        recent = range(self.started - (self.window - self.sink), self.started)
        return [*range(self.sink), *recent]

    def _slot_of(self, frame: int) -> int:
        if frame < self.sink:
            return frame
        return self.sink + (frame - self.sink) % (self.window - self.sink)

    def _position_of(self, frame: int) -> int:
        if frame < self.sink:
            return frame
        end = self.started + self._skipped
        beyond = 0 if self._limit is None else max(0, end - self._limit)
        return frame + self._skipped - beyond
