"""When an encoder shows a picture, and which ones it makes keyframes."""

from __future__ import annotations

from livegraph_media.encoder import TIME_BASE
from livegraph_media.ffmpeg import PictureType, VideoFrame


class Stamps:
    """Stamps frames with their times, which rise by a tick (1/60000 s) at least, and asks for keyframes: the first
    picture, one whenever `keyframe_every_ns` are over, and each that is demanded.
    """

    def __init__(self, keyframe_every_ns: int) -> None:
        self._every_ns = keyframe_every_ns
        self._keyframe_due_ns = 0
        self._last_ticks = -1

    def stamp(self, frame: VideoFrame, pts_ns: int, keyframe: bool = False) -> None:
        """`pts_ns`: since the first frame. What does not rise by a tick is moved to the next one."""
        ticks = max(ticks_of(pts_ns), self._last_ticks + 1)
        frame.pts, frame.time_base = ticks, TIME_BASE
        if keyframe or pts_ns >= self._keyframe_due_ns:
            frame.pict_type = PictureType.I
            self._keyframe_due_ns = pts_ns + self._every_ns
        self._last_ticks = ticks


def ticks_of(time_ns: int) -> int:
    return round(time_ns * TIME_BASE.denominator / 1_000_000_000)
