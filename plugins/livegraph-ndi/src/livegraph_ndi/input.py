"""ndi.in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from livegraph import Frame, Image, Out, Param, Source, Video
from livegraph_ndi.library import load, why_not

if TYPE_CHECKING:
    from livegraph_ndi.library import VideoFrameSync

_WAIT_S = 0.1
_POLL_S = 0.002


class NdiIn(Source):
    """The newest picture of an NDI source.

    Interlaced video arrives deinterlaced, and an alpha channel is left out. A source that goes is waited for by its
    name, and the last picture stays meanwhile; the first one after its return is a discontinuity.
    """

    out: Out[Video]
    source: str = Param("auto", remote=False, doc="auto: the first; MACHINE (stream), or stream alone")
    bandwidth: Literal["highest", "lowest"] = Param("highest", doc="lowest: the small preview that senders give")

    @classmethod
    def unavailable(cls, params: Any) -> str | None:
        return why_not()

    def setup(self) -> None:
        from livegraph_ndi.find import find_source

        ndi = load()
        source = find_source(ndi, self.source)
        self._name = str(source.name)
        self._receiver = ndi.Receiver(
            color_format=ndi.RecvColorFormat.RGBX_RGBA,
            bandwidth=getattr(ndi.RecvBandwidth, self.bandwidth),
            allow_video_fields=False,
            recv_name="livegraph",
        )
        self._video = ndi.VideoFrameSync()
        # Not Receiver.receive: it holds Python's lock while it waits, and gets only what the frame sync, which every
        # Receiver runs beside it, leaves.
        self._sync = self._receiver.frame_sync
        self._sync.set_video_frame(self._video)
        self._receiver.set_source(source)
        self._begin_ns = self.ctx.clock.now_ns()
        self._stamp: tuple[float, float] | None = None
        self._away = False

    def read(self) -> Frame | None:
        until = time.monotonic() + _WAIT_S
        while not self._fresh():
            if time.monotonic() >= until:
                self._look_whether_gone()
                return None
            time.sleep(_POLL_S)
        back, self._away = self._away, False
        if back:
            self.ctx.say(f"NDI source {self._name} is back")
        now_ns = self.ctx.clock.now_ns()
        duration_ns = period_ns(self._video.get_frame_rate())
        return Frame(now_ns - self._begin_ns, 0, duration_ns, now_ns, rgb_of(self._video), discontinuity=back)

    def status(self) -> Mapping[str, Any]:
        return {"source": self._name, "connected": not self._away} if hasattr(self, "_name") else {}

    def teardown(self) -> None:
        if hasattr(self, "_receiver"):
            self._receiver.set_source(None)

    def _fresh(self) -> bool:
        """Capture; True where the picture is another one than before."""
        self._sync.capture_video()
        stamp = self._video.get_timestamp_posix(), self._video.get_timecode_posix()
        if stamp == self._stamp or 0 in self._video.get_resolution():
            return False
        self._stamp = stamp
        return True

    def _look_whether_gone(self) -> None:
        if self._stamp is not None and not self._away and self._receiver.get_num_connections() == 0:
            self._away = True
            self.ctx.say(f"NDI source {self._name} is gone; the last picture stays while it is waited for")


def rgb_of(video: VideoFrameSync) -> Image:
    """A copy of an RGBX picture without its fourth byte; channel by channel, which NumPy does fastest."""
    width, height = video.get_resolution()
    stride = video.get_line_stride()
    rows = np.frombuffer(memoryview(video), np.uint8)[: stride * height].reshape(height, stride // 4, 4)
    picture: Image = np.empty((height, width, 3), np.uint8)
    for channel in range(3):
        picture[..., channel] = rows[:, :width, channel]
    return picture


def period_ns(rate: Fraction) -> int:
    return round(1_000_000_000 / rate) if rate > 0 else 0
