"""The package and what tests share, importable without being installed; and pyvirtualcam's stand-in."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]


@pytest.fixture
def vcam(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The stand-in, with a Linux machine that has one loopback device: a file."""
    import pyvirtualcam_stand_in as stand_in

    from livegraph_virtualcam import library

    (tmp_path / "video7").touch()
    monkeypatch.setitem(sys.modules, "pyvirtualcam", stand_in)
    monkeypatch.setattr(library, "PLATFORM", "linux")
    monkeypatch.setattr(library, "LOOPBACKS", tmp_path)
    monkeypatch.setattr(stand_in, "DEVICES", [str(tmp_path / "video7")])
    monkeypatch.setattr(stand_in.Camera, "opened", [])
    return stand_in
