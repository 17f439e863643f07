"""The package and what tests share, importable without being installed; and a studio of MIDI devices."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """mido with a backend of its own in place of rtmidi; `studio.plug(name)` adds a device."""
    import loop_backend

    from livegraph_midi import controller, library

    monkeypatch.setattr(library, "BACKEND", "loop_backend")
    monkeypatch.setattr(controller, "LOOK_S", 0.05)
    loop_backend.STUDIO.clear()
    yield loop_backend.STUDIO
    loop_backend.STUDIO.clear()
