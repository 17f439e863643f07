"""The package and what tests share, importable without being installed; and cyndilib's stand-in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]


@pytest.fixture
def ndi(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """A network without programs; `ndi.announce(...)` adds one, `ndi.senders` are those that were opened."""
    import cyndilib_stand_in

    monkeypatch.setitem(sys.modules, "cyndilib", cyndilib_stand_in)
    network = cyndilib_stand_in.network
    network.clear()
    yield network
    network.clear()
