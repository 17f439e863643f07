"""How much memory this machine has, asked of the system: no framework is imported for it."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from livegraph.memory import MemoryPlace, Room

MEMINFO, CGROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")
DRM = Path("/sys/class/drm")
NVML = {"win32": ("nvml.dll",), "linux": ("libnvidia-ml.so.1",)}
"""NVIDIA's management library, which comes with the driver."""


def room_of(place: MemoryPlace) -> Room | None:
    """What is free and what there is; None where the system does not tell."""
    return _ram() if place == "ram" else _nvidia() or _amd()


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


class _NvmlMemory(ctypes.Structure):
    """nvmlMemory_t."""

    _fields_ = [(name, ctypes.c_ulonglong) for name in ("total", "free", "used")]


def _nvidia() -> Room | None:
    """Of the card that CUDA would call the first, as far as `CUDA_VISIBLE_DEVICES` and the order on the bus tell."""
    for name in NVML.get(sys.platform, ()):
        with suppress(OSError):
            return _ask_nvml(ctypes.CDLL(name))
    return None


def _ask_nvml(nvml: ctypes.CDLL) -> Room | None:
    if nvml.nvmlInit_v2() != 0:
        return None
    try:
        card, memory = ctypes.c_void_p(), _NvmlMemory()
        if _first_card(nvml, card) != 0 or nvml.nvmlDeviceGetMemoryInfo(card, ctypes.byref(memory)) != 0:
            return None
        return Room(memory.free, memory.total)
    finally:
        nvml.nvmlShutdown()


def _first_card(nvml: ctypes.CDLL, card: ctypes.c_void_p) -> int:
    """NVML's answer: 0 where `card` was found."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip()
    if visible.startswith(("GPU-", "MIG-")):
        found: int = nvml.nvmlDeviceGetHandleByUUID(visible.encode(), ctypes.byref(card))
    elif visible.isdecimal():
        found = nvml.nvmlDeviceGetHandleByIndex_v2(int(visible), ctypes.byref(card))
    else:  # `-1` or nothing: no card is to be seen
        found = -1
    return found


def _amd() -> Room | None:
    """The first card of the amdgpu driver."""
    return next(_amd_cards(), None)


def _amd_cards() -> Iterator[Room]:
    for folder in sorted(DRM.glob("card*/device")):
        with suppress(OSError, ValueError):
            total, used = (int((folder / f"mem_info_vram_{name}").read_text()) for name in ("total", "used"))
            yield Room(total - used, total)
