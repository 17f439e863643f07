"""The package and what tests share, importable without being installed; and a Mac's stand-in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """A Mac with syphon-python, and no program that offers video; `mac.offer(...)` adds one."""
    import syphon_stand_in as stand_in

    from livegraph_syphon import find, library

    monkeypatch.setattr(library, "PLATFORM", "darwin")
    monkeypatch.setattr(find, "FIND_S", 0.1)
    for name, module in stand_in.MODULES.items():
        monkeypatch.setitem(sys.modules, name, module)
    stand_in.mac.clear()
    yield stand_in.mac
    stand_in.mac.clear()
