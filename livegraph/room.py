"""How much memory this machine has, asked of the system: no framework is imported for it."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from livegraph.gpus import gpu_room
from livegraph.memory import MemoryPlace, Room

MEMINFO, CGROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")


def room_of(place: MemoryPlace) -> Room | None:
    """What is free and what there is; None where the system does not tell."""
    return _ram() if place == "ram" else gpu_room()


def _ram() -> Room | None:
    if sys.platform == "win32":
        return _ram_on_windows()
    if not MEMINFO.exists():
        return _ram_by_sysconf()
    lines = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
    whole = Room(*(int(lines[name].split()[0]) << 10 for name in ("MemAvailable", "MemTotal")))
    limited = _cgroup(CGROUP)
    return whole if limited is None else Room(min(whole.free, limited.free), min(whole.total, limited.total))


def _cgroup(folder: Path) -> Room | None:
    """What a container may take (cgroup v2). Pages of files do not count: they are given back when memory is short."""
    try:
        limit, used = (int((folder / name).read_text()) for name in ("memory.max", "memory.current"))
        kept = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # no container, or one without a limit: `max`
        return None
    return Room(max(0, limit - used + int(kept.get("inactive_file", 0))), limit)


def _ram_by_sysconf() -> Room | None:
    """macOS: what is free at a moment means little there, since it compresses and swaps first. Two thirds is what it
    lets a GPU have of up to 36 GB; of more, three quarters.
    """
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None
    return Room(total * 2 // 3, total)


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = [
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        *((name, ctypes.c_uint64) for name in ("total", "free", "paged", "paged_free", "own", "own_free", "more")),
    ]


def _ram_on_windows() -> Room | None:
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined, unused-ignore]
    return Room(status.free, status.total) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None
