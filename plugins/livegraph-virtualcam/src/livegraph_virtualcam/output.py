"""vcam.out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livegraph import Frame, In, NodeError, Param, Sink, Size, Video, size_of
from livegraph_virtualcam import library

if TYPE_CHECKING:
    from livegraph_virtualcam.library import Camera

_USUAL_FPS = 30.0


class VirtualCam(Sink):
    """Show the stream as a camera of this machine, which video calls, browsers and OBS can choose.

    The first picture gives the camera its size, for programs that watch it would not follow another; later pictures of
    another size are letterboxed.
    """

    presents = True

    video: In[Video]
    device: str = Param("auto", remote=False, doc="auto: the first that is free; /dev/video2; elsewhere a name")
    fps: float = Param(0.0, ge=0, le=1000, unit="fps", doc="the rate that the camera tells; 0: the graph's")

    _camera: Camera | None = None

    @classmethod
    def unavailable(cls, params: Any) -> str | None:
        return library.why_not(params.device)

    def setup(self) -> None:
        self._library = library.load(self.device)
        self._told = False

    def process(self, video: Frame) -> None:
        from livegraph_virtualcam.canvas import even, letterboxed

        size = even(size_of(video.data))
        if self._camera is None:
            self._size = size
            self._camera = self._open(size)
        elif size != self._size and not self._told:
            self._told = True
            self.ctx.say(f"pictures are now {size[0]}x{size[1]}: the camera stays {self._size[0]}x{self._size[1]}")
        # pyvirtualcam prints an error of the device to stderr, and goes on; so look whether it is there.
        if library.PLATFORM == "linux" and not Path(self._camera.device).exists():
            raise NodeError(f"virtual camera {self._camera.device} is gone; {library.way_out()}")
        self._camera.send(letterboxed(video.data, self._size))

    def status(self) -> Mapping[str, Any]:
        return {} if self._camera is None else {"device": self._camera.device, "size": list(self._size)}

    def teardown(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()

    def _open(self, size: Size) -> Camera:
        rate = self.fps or self.ctx.fps_hint or _USUAL_FPS
        device = None if self.device == "auto" else self.device
        try:
            camera = self._library.Camera(*size, rate, fmt=self._library.PixelFormat.RGB, device=device)
        except RuntimeError as error:
            raise NodeError(f"no virtual camera can be opened: {error}; {library.way_out()}") from error
        self.ctx.say(f"virtual camera {camera.device}: {size[0]}x{size[1]} at {rate:g} fps")
        return camera
