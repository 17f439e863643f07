"""The part of pyvirtualcam 0.15 that the node uses, typed here, so that nothing imports it before a node is built."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any, Protocol, cast

from livegraph import Image, InputError

NAME = "pyvirtualcam"
PLATFORM = sys.platform
LOOPBACKS = Path("/sys/devices/virtual/video4linux")
"""Where Linux lists the cameras that are no hardware: those of v4l2loopback."""

_WAYS = {
    "linux": "load the kernel module: sudo modprobe v4l2loopback devices=1",
    "darwin": "install OBS 30 or newer, and start and stop its virtual camera once",
    "win32": "install OBS, or Unity Capture",
}


class Camera(Protocol):
    @property
    def device(self) -> str: ...
    def send(self, frame: Image) -> None: ...
    def close(self) -> None: ...


class MakeCamera(Protocol):
    def __call__(self, width: int, height: int, fps: float, *, fmt: Any, device: str | None) -> Camera: ...


class PyVirtualCam(Protocol):
    """The module. `Camera` raises RuntimeError where no camera can be opened, with a reason per backend."""

    Camera: MakeCamera
    PixelFormat: Any


def why_not(device: str) -> str | None:
    """The reason why `device` (`auto`: any) cannot be used here, else None. Opens and imports nothing."""
    if importlib.util.find_spec(NAME) is None:
        return "pyvirtualcam is not installed (pip install pyvirtualcam; it is GPLv2)"
    if PLATFORM == "linux" and device == "auto" and not any(LOOPBACKS.glob("video*")):
        return f"no virtual camera is there; {way_out()}"
    if PLATFORM == "linux" and device != "auto" and not Path(device).exists():
        return f"virtual camera {device} is not there; {way_out()}"
    return None


def way_out() -> str:
    return _WAYS.get(PLATFORM, f"pyvirtualcam knows none for {PLATFORM}")


def load(device: str) -> PyVirtualCam:
    """The module; InputError says what is missing."""
    if (reason := why_not(device)) is not None:
        raise InputError(reason)
    return cast(PyVirtualCam, importlib.import_module(NAME))
