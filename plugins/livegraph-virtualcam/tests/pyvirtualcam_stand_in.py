"""A stand-in for pyvirtualcam 0.15, of the parts that the node uses, on devices that are names.

Signature, checks and messages are those of its `camera.py` (`Camera.__init__`, `send`, `close`) and of the Linux
backend's `virtual_output.h`; `test_stand_in.py` compares the signature with the real one where that is installed.
"""

from __future__ import annotations

import enum
from importlib.machinery import ModuleSpec

import numpy as np

__spec__ = ModuleSpec("pyvirtualcam", None)  # what find_spec gives for a module that is loaded already
DEVICES: list[str] = []


class PixelFormat(enum.Enum):
    RGB = "raw "


class Camera:
    opened: list[Camera] = []  # noqa: RUF012  (a new one for each test)

    def __init__(
        self,
        width: int,
        height: int,
        fps: float,
        *,
        fmt: PixelFormat = PixelFormat.RGB,
        device: str | None = None,
        backend: str | None = None,
        print_fps: bool = False,
        **kw,
    ) -> None:
        free = [name for name in DEVICES if name not in {one.device for one in self.opened if not one.closed}]
        if device is None and not free:
            raise RuntimeError("'v4l2loopback' backend: No v4l2 loopback device found at /dev/video[0-99].")
        if device is not None and device not in free:
            raise RuntimeError(f"'v4l2loopback' backend: Device {device} is already in use.")
        assert width % 2 == height % 2 == 0
        self.device = device or free[0]
        self.size, self.fps, self.fmt = (width, height), fps, fmt
        self.sent: list[np.ndarray] = []
        self.closed = False
        type(self).opened.append(self)

    def send(self, frame: np.ndarray) -> None:
        assert not self.closed
        if frame.dtype != np.uint8:
            raise TypeError(f"unexpected frame dtype: {frame.dtype} != uint8")
        if frame.shape != (self.size[1], self.size[0], 3):
            raise ValueError(f"unexpected frame shape: {frame.shape}")
        self.sent.append(np.array(frame))

    def close(self) -> None:
        self.closed = True
