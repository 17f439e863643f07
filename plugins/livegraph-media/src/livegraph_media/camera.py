"""`media.camera`: a camera of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from livegraph import Context, Frame, Image, InputError, NodeError, Out, Param, PixelFormat, Size, Source, Video
from livegraph_media.pattern import Pattern
from livegraph_media.size import SIZE_OR_SOURCE_PATTERN, parse_size

if TYPE_CHECKING:
    from livegraph_media.capture import LiveFrames
    from livegraph_media.ffmpeg import InputContainer

    Opener = Callable[[str, Size | None, float | None], InputContainer]

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

    opener: ClassVar[Opener | None] = None
    """How a device is opened, where not by `devices.open_camera`: the seam at which tests put a device of theirs."""

    @classmethod
    def output_size(cls, params: Any) -> Size | None:
        return parse_size(params.size, None)

    @classmethod
    def fps_for(cls, params: Any) -> float | None:
        return float(params.fps)

    _live: LiveFrames | None = None

    def setup(self) -> None:
        from livegraph_media.capture import Capture, LiveFrames
        from livegraph_media.devices import open_camera
        from livegraph_media.shape import Shaper

        opener = type(self).opener or open_camera
        size = parse_size(self.size, self.ctx.size_hint)
        asked = None if self.size == "source" else camera_size(size)
        pixels = self.ctx.formats.get("out", "yuv420p")
        try:
            capture = Capture(lambda: opener(self.device, asked, self.fps), self._now_ns)
        except NodeError as error:
            self._fall_back(error, pixels)
            return
        name = "the camera" if self.device == "auto" else f"camera {self.device}"
        self._live = LiveFrames(capture, Shaper(pixels, size, self.fit, self.ctx.say), name, self.ctx.say)

    def read(self) -> Frame | None:
        if self._live is not None:
            return self._live.read()
        return self._stand_in.read()

    def teardown(self) -> None:
        if self._live is not None:
            self._live.close()

    def _now_ns(self) -> int:
        return self.ctx.clock.now_ns()

    def _fall_back(self, error: NodeError, pixels: PixelFormat) -> None:
        if self.fallback == "none":
            raise InputError(f"no camera: {error}") from error
        self.ctx.say(f"no camera ({error}): showing the test scene instead")
        size = "auto" if self.size == "source" else self.size
        self._stand_in = StandIn(size, self.fps, pixels, self.ctx)


class StandIn:
    """The test scene at a camera's pace: a picture is there when its time has come, and late ones are left out. It
    begins with the first `read`: by that picture the runtime knows when the others are due.
    """

    def __init__(self, size: str, fps: float, pixels: PixelFormat, ctx: Context) -> None:
        from livegraph_media.convert import rgb24_to_gray8, rgb24_to_yuv420p

        converters: dict[str, Callable[[Image], Any]] = {"yuv420p": rgb24_to_yuv420p, "gray8": rgb24_to_gray8}
        self._convert = converters.get(pixels)
        self._fps = fps
        self._clock = ctx.clock
        self._pattern = Pattern(Pattern.Params.model_validate({"size": size, "fps": fps, "live": True}), ctx)
        self._pattern.setup()
        self._begin_ns: int | None = None

    def read(self) -> Frame | None:
        if self._begin_ns is None:
            self._begin_ns = self._clock.now_ns()
        elapsed = (self._clock.now_ns() - self._begin_ns) / 1e9
        self._pattern.skip_to(int(elapsed * self._fps))
        wait = self._pattern.next_due_s - elapsed
        if wait > 0:
            time.sleep(min(wait, _WAIT_S))
            if wait > _WAIT_S:
                return None
        frame = self._pattern.read()
        assert isinstance(frame, Frame)  # the scene has no end
        return frame.with_data(self._convert(frame.data)) if self._convert else frame


def camera_size(wanted: Size | None) -> Size:
    """The customary camera size that covers what is wanted, else the largest; 1280x720 where nothing is."""
    if wanted is None:
        return 1280, 720
    covering = (size for size in _CAMERA_SIZES if size[0] >= wanted[0] and size[1] >= wanted[1])
    return next(covering, _CAMERA_SIZES[-1])
