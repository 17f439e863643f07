"""Frames from where time passes by itself: a thread keeps the newest, and opens the device again when it vanishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from livegraph import Frame
from livegraph_media.decode import nominal_fps, pixel_aspect, times_of, video_stream
from livegraph_media.device_thread import DeviceThread, Opener
from livegraph_media.ffmpeg import InputContainer, VideoFrame
from livegraph_media.shape import Shaper
from livegraph_media.timeline import Arrivals

_WAIT_S = 0.1


@dataclass(frozen=True, slots=True)
class Captured:
    """A frame, when it came (the clock's nanoseconds), whether the device was opened anew before it, and what the
    stream says of every frame: the nominal period, and how wide its pixels are.
    """

    frame: VideoFrame
    arrived_ns: int
    reopened: bool
    period_ns: int
    aspect: Fraction


class Capture(DeviceThread):
    """Keeps the newest frame of a device; see `DeviceThread`."""

    def __init__(self, opener: Opener, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._newest: Captured | None = None
        super().__init__(opener, "media capture")

    def take(self, wait_s: float = _WAIT_S) -> Captured | None:
        """The newest frame that was not taken yet; None where none came while waiting."""
        self._raise_failure()
        with self._news:
            if self._newest is None:
                self._news.wait(wait_s)
            newest, self._newest = self._newest, None
            return newest

    def discard(self) -> None:
        """What came until now is not wanted."""
        with self._news:
            self._newest = None

    def _read(self, container: InputContainer) -> None:
        stream = video_stream(container, "the device")
        stream.thread_type = "SLICE"
        period_ns, aspect = round(1e9 / nominal_fps(stream)), pixel_aspect(stream)
        for frame in self._decoded(container, stream):
            self._put(frame, period_ns, aspect)

    def _put(self, frame: VideoFrame, period_ns: int, aspect: Fraction) -> None:
        with self._news:
            reopened = self._fresh or (self._newest is not None and self._newest.reopened)
            self._newest = Captured(frame, self._now_ns(), reopened, period_ns, aspect)
            self._fresh = False
            self._news.notify()


class LiveFrames:
    """What a live source's `read` returns: the newest frame of a device, and a word where it vanishes or returns."""

    def __init__(self, capture: Capture, shaper: Shaper, name: str, say: Callable[[str], None]) -> None:
        self._capture = capture
        self._shaper = shaper
        self._name = name
        self._say = say
        self._arrivals = Arrivals()
        self._away = False
        self._begun = False

    def read(self) -> Frame | None:
        if not self._begun:  # the runtime places the first frame when it is read: it must be of that moment
            self._begun = True
            self._capture.discard()
        captured = self._capture.take()
        if captured is None:
            if (reason := self._capture.lost) is not None and not self._away:
                self._away = True
                self._say(f"{self._name} is gone ({reason}); the last picture stays while it is looked for")
            return None
        if captured.reopened:
            self._arrivals.restart()
        if self._away:
            self._away = False
            self._say(f"{self._name} is back")
        pts_ns, duration_ns = times_of(captured.frame)
        due_ns = self._arrivals.place(pts_ns, captured.arrived_ns)
        return Frame(
            due_ns,
            0,
            duration_ns or captured.period_ns,
            captured.arrived_ns,
            self._shaper.picture(captured.frame, captured.aspect),
            discontinuity=captured.reopened,
        )

    def close(self) -> None:
        self._capture.close()
