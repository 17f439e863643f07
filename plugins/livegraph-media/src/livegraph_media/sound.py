"""The sound of a file beside its pictures."""

from __future__ import annotations

from collections import deque
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from livegraph import Frame
from livegraph_media.decode import Decoder, times_of
from livegraph_media.ffmpeg import AudioFrame
from livegraph_media.sound_timeline import SoundTimeline

Samples: TypeAlias = NDArray[np.float32]
"""float32 [samples, channels] in -1..1, as `Audio`."""


class Sound:
    """Blocks of a file's sound, as its packets have them, on the timeline of its pictures."""

    def __init__(self) -> None:
        self._timeline = SoundTimeline()
        self._decoded: deque[AudioFrame] = deque()
        self._next: Frame | None = None

    def begin(self, decoder: Decoder, begin_ns: int) -> None:
        """Go on with a file opened anew, whose first picture is at `begin_ns`: sound from before it is cut off."""
        follows_ns = self._timeline.follows_ns if self._next is None else self._next.pts_ns
        self._timeline.restart(max(begin_ns, follows_ns))
        self._decoder = decoder
        self._decoded.clear()
        self._next = None

    def before(self, pts_ns: int, offset_ns: int) -> Frame | None:
        """The next block, if it begins before `pts_ns`. `offset_ns`: see `SoundTimeline.place`."""
        block = self._next = self._next or self._fetch(offset_ns)
        if block is None or block.pts_ns >= pts_ns:
            return None
        self._next = None
        return block

    @property
    def late_s(self) -> float:
        """How much of this round was left out because the file has it too far behind its pictures."""
        return self._timeline.late_ns / 1e9

    def is_silent(self, pts_ns: int) -> bool:
        """Whether no block that is still to come begins at or before `pts_ns`, all before it having been taken."""
        if self._next is not None:
            return self._next.pts_ns > pts_ns
        if self._decoded:  # after a jump that the pictures have not made yet
            return False
        self._timeline.pass_by(pts_ns)
        return True

    def _fetch(self, offset_ns: int) -> Frame | None:
        while self._decoded or self._decode():
            frame = self._decoded[0]
            pts_ns, _ = times_of(frame)
            if self._timeline.is_ahead(pts_ns, offset_ns):
                return None
            self._decoded.popleft()
            placed = self._timeline.place(pts_ns, frame.samples, frame.sample_rate, offset_ns)
            if placed is not None:
                data = samples_of(frame)[placed.skip :]
                duration_ns = len(data) * 1_000_000_000 // frame.sample_rate
                rate = {"rate": frame.sample_rate}
                return Frame(placed.pts_ns, 0, duration_ns, 0, data, rate, discontinuity=placed.jumped)
        return None

    def _decode(self) -> bool:
        """Whether there is more now."""
        while (frames := self._decoder.sounds()) is not None:
            self._decoded.extend(frames)
            if frames:
                return True
        return False


def samples_of(frame: AudioFrame) -> Samples:
    """The samples of a decoded frame of any format; what an encoder has driven beyond full scale is clipped."""
    data: NDArray[Any] = frame.to_ndarray()
    data = data.T if frame.format.is_planar else data.reshape(-1, frame.layout.nb_channels)
    if data.dtype == np.uint8:
        samples = (data.astype(np.float32) - 128) / 128
    elif data.dtype.kind == "i":
        samples = (data / -float(np.iinfo(data.dtype).min)).astype(np.float32)
    else:
        samples = np.clip(data, -1, 1).astype(np.float32)
    return np.ascontiguousarray(samples, np.float32)
