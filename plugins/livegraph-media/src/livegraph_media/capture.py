"""Frames from where time passes by itself: a thread keeps the newest, and opens the device again when it vanishes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from livegraph import Frame, NodeError
from livegraph_media.decode import nominal_fps, pixel_aspect, times_of, video_stream, why
from livegraph_media.ffmpeg import FFmpegError, InputContainer, InvalidDataError, NothingYet, VideoFrame
from livegraph_media.shape import Shaper
from livegraph_media.timeline import Arrivals

RETRY_S = 0.5
_WAIT_S = 0.1
_POLL_S = 0.002
_JOIN_S = 2.0
Opener = Callable[[], InputContainer]


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


class Capture:
    """Reads a device on a thread of its own. The first opening happens here, and its errors are the caller's."""

    def __init__(self, opener: Opener, now_ns: Callable[[], int]) -> None:
        self._opener = opener
        self._now_ns = now_ns
        self._stop = threading.Event()
        self._news = threading.Condition()
        self._newest: Captured | None = None
        self._fresh = False
        self._failure: Exception | None = None
        self.lost: str | None = None
        """Why the device is away now, if it is."""
        self._thread = threading.Thread(target=self._run, args=(opener(),), name="media capture", daemon=True)
        self._thread.start()

    def take(self, wait_s: float = _WAIT_S) -> Captured | None:
        """The newest frame that was not taken yet; None where none came while waiting."""
        if self._failure is not None:
            raise self._failure
        with self._news:
            if self._newest is None:
                self._news.wait(wait_s)
            newest, self._newest = self._newest, None
            return newest

    def close(self) -> None:
        """Stop reading. A device that hangs keeps its thread; it ends with the program."""
        self._stop.set()
        self._thread.join(_JOIN_S)

    def _run(self, container: InputContainer | None) -> None:
        try:
            while not self._stop.is_set():
                if container is not None:
                    self.lost = None
                    self.lost = self._read_until_lost(container)
                    self._fresh = True
                if self._stop.wait(RETRY_S):
                    return
                container = self._reopen()
        except Exception as error:  # a bug, not the device: raised where frames are taken
            self._failure = error

    def _read_until_lost(self, container: InputContainer) -> str:
        try:
            self._read(container)
        except (OSError, FFmpegError, NodeError) as error:
            return why(error)
        finally:
            container.close()
        return "it ended"

    def _reopen(self) -> InputContainer | None:
        try:
            return self._opener()
        except (OSError, FFmpegError, NodeError):
            return None

    def _read(self, container: InputContainer) -> None:
        stream = video_stream(container, "the device")
        stream.thread_type = "SLICE"
        period_ns, aspect = round(1e9 / nominal_fps(stream)), pixel_aspect(stream)
        while not self._stop.is_set():
            try:
                for packet in container.demux(stream):
                    if self._stop.is_set():
                        return
                    try:
                        frames = packet.decode()
                    except InvalidDataError:
                        continue  # one broken picture of a live stream: the next one is on its way
                    for frame in frames:
                        self._put(frame, period_ns, aspect)
                return
            except NothingYet:
                self._stop.wait(_POLL_S)

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

    def read(self) -> Frame | None:
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
