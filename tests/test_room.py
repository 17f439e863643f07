"""How much memory there is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from livegraph import Room, room, room_of

GIB = 1 << 30


def test_the_ram_of_this_machine() -> None:
    found = room_of("ram")
    assert found is not None
    assert 0 < found.free <= found.total
    if sys.platform == "linux":
        assert found.total <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_a_container_may_take_less_than_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of files are given back."""
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       16777216 kB\nMemFree:  1 kB\nMemAvailable:    8388608 kB\n")
    monkeypatch.setattr(room, "MEMINFO", meminfo)
    monkeypatch.setattr(room, "CGROUP", tmp_path)
    assert room_of("ram") == Room(8 * GIB, 16 * GIB)
    for name, text in (("max", 4 * GIB), ("current", 3 * GIB), ("stat", f"anon 5\ninactive_file {GIB}\n")):
        (tmp_path / f"memory.{name}").write_text(f"{text}")
    assert room_of("ram") == Room(2 * GIB, 4 * GIB)
    (tmp_path / "memory.max").write_text("max\n")
    assert room_of("ram") == Room(8 * GIB, 16 * GIB)
