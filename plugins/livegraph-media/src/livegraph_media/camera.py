"""`media.camera`: a camera of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar, Literal

from av.container import InputContainer

from livegraph import Context, Frame, InputError, NodeError, Out, Param, Size, Source, Video
from livegraph_media.capture import Capture, LiveFrames
from livegraph_media.convert import rgb24_to_gray8, rgb24_to_yuv420p
from livegraph_media.devices import open_camera
from livegraph_media.pattern import Pattern
from livegraph_media.shape import Shaper
from livegraph_media.size import SIZE_OR_SOURCE_PATTERN, parse_size

_FALLBACK_CONVERTERS = {"yuv420p": rgb24_to_yuv420p, "gray8": rgb24_to_gray8}
_WAIT_S = 0.1
_CAMERA_SIZES: tuple[Size, ...] = ((640, 480), (1280, 720), (1920, 1080))


class Camera(Source):
    """The newest picture of a camera.

    One that vanishes is looked for twice a second, and the last picture stays meanwhile; the first one after its return
    is a discontinuity. Where there is none at the start, the scene of `media.pattern` takes its place.
    """

    out: Out[Video] = Out(formats=("yuv420p", "rgb24", "gray8"))
    device: str = Param("auto", remote=False, doc="auto: the first; a number; /dev/video0; on macOS a name")
    size: str = Param("auto", pattern=SIZE_OR_SOURCE_PATTERN, doc="WxH; source: its own; auto: what downstream prefers")
    fit: Literal["crop", "letterbox"] = Param("crop", doc="how another shape is filled: cut off, or black bars")
    fps: float = Param(30.0, gt=0, le=1000, unit="fps", doc="the rate to ask the camera for")
    fallback: Literal["pattern", "none"] = Param("pattern", doc="what to show where there is no camera at the start")

    opener: ClassVar[Callable[[str, Size | None, float | None], InputContainer]] = staticmethod(open_camera)
    """How a device is opened: the seam at which tests put another one."""

    @classmethod
    def fps_for(cls, params: Any) -> float | None:
        return float(params.fps)

    _live: LiveFrames | None = None

    def setup(self) -> None:
        size = parse_size(self.size, self.ctx.size_hint)
        asked = None if self.size == "source" else camera_size(size)
        self._pixels = self.ctx.formats.get("out", "yuv420p")
        try:
            capture = Capture(lambda: type(self).opener(self.device, asked, self.fps), self._now_ns)
        except NodeError as error:
            self._fall_back(error)
            return
        name = "the camera" if self.device == "auto" else f"camera {self.device}"
        self._live = LiveFrames(capture, name, self.ctx.say)
        self._shaper = Shaper(self._pixels, size, self.fit)

    def read(self) -> Frame | None:
        if self._live is not None:
            return self._live.read(self._shaper)
        frame = self._stand_in.read()
        if frame is None or self._pixels == "rgb24":
            return frame
        return frame.with_data(_FALLBACK_CONVERTERS[self._pixels](frame.data))

    def teardown(self) -> None:
        if self._live is not None:
            self._live.close()

    def _now_ns(self) -> int:
        return self.ctx.clock.now_ns()

    def _fall_back(self, error: NodeError) -> None:
        if self.fallback == "none":
            raise InputError(f"no camera: {error}") from error
        self.ctx.say(f"no camera ({error}): showing the test scene instead")
        size = "auto" if self.size == "source" else self.size
        self._stand_in = StandIn(size, self.fps, self.ctx)


class StandIn:
    """The test scene at a camera's pace: a picture is there when its time has come, and late ones are left out."""

    def __init__(self, size: str, fps: float, ctx: Context) -> None:
        self._fps = fps
        self._clock = ctx.clock
        self._pattern = Pattern(Pattern.Params.model_validate({"size": size, "fps": fps, "live": True}), ctx)
        self._pattern.setup()
        self._begin_ns = ctx.clock.now_ns()

    def read(self) -> Frame | None:
        elapsed = (self._clock.now_ns() - self._begin_ns) / 1e9
        self._pattern.skip_to(int(elapsed * self._fps))
        wait = self._pattern.next_due_s - elapsed
        if wait > 0:
            time.sleep(min(wait, _WAIT_S))
            if wait > _WAIT_S:
                return None
        frame = self._pattern.read()
        return frame if isinstance(frame, Frame) else None


def camera_size(wanted: Size | None) -> Size:
    """The customary camera size that covers what is wanted, else the largest; 1280x720 where nothing is."""
    if wanted is None:
        return 1280, 720
    covering = (size for size in _CAMERA_SIZES if size[0] >= wanted[0] and size[1] >= wanted[1])
    return next(covering, _CAMERA_SIZES[-1])
