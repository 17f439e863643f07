"""Finding and opening the microphones of this machine: ALSA on Linux, and through it PulseAudio and PipeWire;
AVFoundation on macOS.
"""

from __future__ import annotations

import os
import platform
import socket
import sys
from pathlib import Path

from livegraph import NodeError
from livegraph_media.ffmpeg import FFmpegError, InputContainer, formats_available, open_container
from livegraph_media.silence import RATE

_DRIVERS = {"linux": ("alsa", "ALSA"), "darwin": ("avfoundation", "AVFoundation")}
_CARDS = Path("/proc/asound")
_CONFIGURATION = Path("/usr/share/alsa/alsa.conf")
_PLUGINS = (f"/usr/lib/{platform.machine()}-linux-gnu/alsa-lib", "/usr/lib64/alsa-lib", "/usr/lib/alsa-lib")
"""Where Debian, Fedora and Arch keep what ALSA needs to reach a sound server."""
_MAC_HINT = "; macOS asks once whether the terminal may listen: System Settings, Privacy & Security, Microphone"


class NoMicrophone(NodeError):
    """No microphone can be opened now; one may be plugged in later."""


def open_microphone(device: str, channels: int) -> InputContainer:
    """Open a microphone; `auto` is the first that opens. NoMicrophone says what was tried. What it gives may have
    another rate and number of channels than asked for.
    """
    if sys.platform not in _DRIVERS:
        raise NoMicrophone(f"microphones are heard on Linux and macOS, not on {sys.platform}")
    driver, system = _DRIVERS[sys.platform]
    if driver not in formats_available:
        raise NoMicrophone(f"this PyAV was built without {system}; the wheels of PyPI have it: pip install av")
    if driver == "alsa":
        _use_system_configuration()
    names = find_microphones() if device == "auto" else [microphone_name(device)]
    if not names:
        raise NoMicrophone(f"{system} finds no microphone")
    reasons = []
    for name in names:
        try:
            return _open(name, driver, channels)
        except (OSError, FFmpegError) as error:
            reasons.append(f"{name}: {error.strerror or error}")
    raise NoMicrophone("; ".join(reasons) + (_MAC_HINT if sys.platform == "darwin" else ""))


def find_microphones() -> list[str]:
    """What may be listened to, the best first: the default of the system's sound server, then the cards themselves.
    Nothing is named that is not there: ALSA writes its disappointment to the terminal.
    """
    if sys.platform == "darwin":
        return [":default"]
    cards = sorted({path.parent.name.removeprefix("card") for path in _CARDS.glob("card*/pcm*c")}, key=int)
    return [*(["default"] if _server_answers() else []), *(f"plughw:{card}" for card in cards)]


def microphone_name(device: str) -> str:
    """`1` is the second card on Linux; there others are ALSA's names, such as `pulse:NAME`. On macOS, a name or a
    number.
    """
    if sys.platform == "darwin":
        return f":{device}"
    return f"plughw:{device}" if device.isdecimal() else device


def _open(name: str, driver: str, channels: int) -> InputContainer:
    """With as many channels as asked for, else with one, else with two."""
    if driver != "alsa":
        return open_container(name, "r", format=driver)
    *wishes, last = dict.fromkeys((channels, 1, 2))
    for wish in wishes:
        try:
            return _open_alsa(name, wish)
        except (OSError, FFmpegError):
            continue  # it does not have so many
    return _open_alsa(name, last)


def _open_alsa(name: str, channels: int) -> InputContainer:
    return open_container(name, "r", format="alsa", options={"channels": str(channels), "sample_rate": str(RATE)})


def _use_system_configuration() -> None:
    """The ALSA library within PyAV's wheel looks for its configuration and plugins in the folder where the wheel was
    built, /tmp/vendor, where anybody could put some: it has to take the system's.
    """
    os.environ.setdefault("ALSA_CONFIG_PATH", str(_CONFIGURATION))
    plugins = next((path for path in _PLUGINS if Path(path).is_dir()), _PLUGINS[0])
    os.environ.setdefault("ALSA_PLUGIN_DIR", plugins)
    if not Path(os.environ["ALSA_CONFIG_PATH"]).is_file():
        raise NoMicrophone(f"{_CONFIGURATION} is missing: Debian's package libasound2-plugins brings it")


def _server_answers() -> bool:
    """Whether PulseAudio, or PipeWire in its place, can be reached; one on another machine is not asked."""
    named = os.environ.get("PULSE_SERVER", "")
    if named and not named.startswith(("unix:", "/")):
        return True
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}"))
    path = named.removeprefix("unix:") or str(runtime / "pulse" / "native")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True
