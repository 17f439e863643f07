"""The package and what tests share, importable without being installed; and a Windows machine's stand-in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Windows with SpoutGL, and no program that sends; `windows.offer(...)` adds one."""
    import spoutgl_stand_in as stand_in

    from livegraph_spout import input as spout_input
    from livegraph_spout import library

    monkeypatch.setattr(library, "PLATFORM", "win32")
    monkeypatch.setattr(spout_input, "FIND_S", 0.1)
    monkeypatch.setitem(sys.modules, "SpoutGL", stand_in)
    stand_in.windows.clear()
    yield stand_in.windows
    stand_in.windows.clear()
