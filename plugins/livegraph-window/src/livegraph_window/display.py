"""Whether this machine has a display, asked without opening one."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping

INVISIBLE = ("dummy", "offscreen")
"""SDL video drivers that show nothing."""


def why_no_display(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str | None:
    """The reason why a window cannot be shown, else None. Looks at the environment only: imports no pygame."""
    driver = environ.get("SDL_VIDEODRIVER") or environ.get("SDL_VIDEO_DRIVER") or ""
    if driver in INVISIBLE:
        return f"SDL_VIDEODRIVER is {driver}, which shows nothing"
    if importlib.util.find_spec("pygame") is None:
        return "pygame is not installed (pip install pygame-ce)"
    needs_server = platform.startswith("linux") and driver.lower() != "kmsdrm"
    if needs_server and not (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        return "no display: neither DISPLAY nor WAYLAND_DISPLAY is set"
    return None
