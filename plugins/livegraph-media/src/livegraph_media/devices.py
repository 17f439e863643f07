"""Finding and opening the cameras of this machine: Video4Linux2 on Linux, AVFoundation on macOS."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from livegraph import NodeError, Size
from livegraph_media.ffmpeg import FFmpegError, InputContainer, enumerate_input_devices, open_container

_SYSTEMS = {"linux": ("v4l2", "Video4Linux2"), "darwin": ("avfoundation", "AVFoundation")}
_RAW_PIXELS = 640 * 480
_MAC_HINT = "; macOS asks once whether the terminal may use the camera: System Settings, Privacy & Security, Camera"


class NoCamera(NodeError):
    """No camera can be opened now; one may be plugged in later."""


def open_camera(device: str, size: Size | None, fps: float | None) -> InputContainer:
    """Open a camera; `auto` is the first that opens. Asks for `size` and `fps`, and takes what the camera has instead.
    NoCamera says what was tried.
    """
    if sys.platform not in _SYSTEMS:
        raise NoCamera(f"cameras are read on Linux and macOS, not on {sys.platform}")
    driver, system = _SYSTEMS[sys.platform]
    names = find_cameras() if device == "auto" else [camera_name(device)]
    if not names:
        raise NoCamera(f"{system} finds no camera")
    reasons = []
    for name in names:
        try:
            return _open(name, driver, size, fps)
        except (OSError, FFmpegError) as error:
            reasons.append(f"{name}: {error.strerror or error}")
    raise NoCamera("; ".join(reasons) + (_MAC_HINT if sys.platform == "darwin" else ""))


def find_cameras() -> list[str]:
    """The cameras that the system lists, in its order. Some of them may not open."""
    if sys.platform == "darwin":
        devices = enumerate_input_devices("avfoundation")
        return [each.name for each in devices if "video" in each.media_types and "screen" not in each.description]
    found = Path("/dev").glob("video*")
    return sorted(map(str, found), key=lambda name: int(re.sub(r"\D", "", name) or 0))


def camera_name(device: str) -> str:
    """`0` is /dev/video0 on Linux, and the first camera on macOS, where its name does too."""
    if sys.platform == "linux" and device.isdecimal():
        return f"/dev/video{device}"
    return device


def _open(name: str, driver: str, size: Size | None, fps: float | None) -> InputContainer:
    """With the first wishes that the camera fulfils; with none of them its own error is raised."""
    for options in wishes(driver, size, fps):
        try:
            return open_container(name, "r", format=driver, options=options)
        except (OSError, FFmpegError):
            continue  # it cannot do that: the next wish is more modest
    return open_container(name, "r", format=driver)


def wishes(driver: str, size: Size | None, fps: float | None) -> list[dict[str, str]]:
    """What to ask a camera for, the best first: size and rate, the rate, the size. Above 640x480, USB cameras reach 30
    fps in MJPEG only, while Video4Linux2 would take their raw format.
    """
    sized = {"video_size": f"{size[0]}x{size[1]}"} if size else {}
    rated = {"framerate": f"{fps:g}"} if fps else {}
    large = driver == "v4l2" and size is not None and size[0] * size[1] > _RAW_PIXELS
    best = [{**sized, **rated, "input_format": "mjpeg"}] if large else []
    asked = [*best, {**sized, **rated}, rated, sized]
    return [wish for index, wish in enumerate(asked) if wish and wish not in asked[:index]]
