"""Where models lie: one folder each under `LIVEGRAPH_MODELS_DIR`, or in the user's data folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "LIVEGRAPH_MODELS_DIR"


def models_dir() -> Path:
    """The folder of all models; it need not exist yet."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).expanduser().absolute() if chosen else data_dir() / "livegraph" / "models"


def model_dir(name: str) -> Path:
    """The folder of one model."""
    return models_dir() / name


def data_dir() -> Path:
    """Where this system wants a user's data: XDG on Linux, Library on macOS, LOCALAPPDATA on Windows."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    given = Path(os.environ.get("XDG_DATA_HOME") or "")
    return given if given.is_absolute() else Path.home() / ".local" / "share"  # a relative one is void, says XDG


def readable(size: float) -> str:
    """Bytes as a person reads them, in powers of ten as disks are sold: `5.68 GB`."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.3g} {unit}"
