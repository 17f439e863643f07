"""The graphics cards of this machine, asked of their drivers: no framework is imported for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from livegraph.memory import Room

DRM = Path("/sys/class/drm")


@dataclass(frozen=True, slots=True)
class Gpu:
    """One card, all programs together. Memory in bytes; `busy_percent`: the share of the last moments in which it
    computed anything.
    """

    index: int
    name: str
    busy_percent: float
    memory_used: int
    memory_total: int


def all_gpus() -> list[Gpu]:
    """Those of NVIDIA's driver, or else of AMD's; none where a GPU shares the machine's memory (Apple). A card that
    does not answer is left out. May take some milliseconds.
    """
    return list(_nvidia()) or list(_amd())


def gpu_room() -> Room | None:
    """Of the card that CUDA would call the first, as far as `CUDA_VISIBLE_DEVICES` and the order on the bus tell; or of
    AMD's first.
    """
    nvml = _nvml()
    if nvml is not None:
        with suppress(nvml.NVMLError):
            memory = nvml.nvmlDeviceGetMemoryInfo(_first_card(nvml))
            return Room(int(memory.free), int(memory.total))
    return next((Room(card.memory_total - card.memory_used, card.memory_total) for card in _amd()), None)


@cache
def _nvml() -> Any | None:
    """NVIDIA's management library, which comes with the driver; None where there is none. It stays open: without
    another program that uses the card, closing it would put the driver to sleep.
    """
    import pynvml  # type: ignore[import-untyped]  # 40 ms that only who asks pays

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml


def _nvidia() -> Iterator[Gpu]:
    nvml = _nvml()
    if nvml is None:
        return
    for index in range(nvml.nvmlDeviceGetCount()):
        with suppress(nvml.NVMLError):  # it was taken out, its driver is renewed, or it does not tell (MIG)
            card = nvml.nvmlDeviceGetHandleByIndex(index)
            memory, busy = nvml.nvmlDeviceGetMemoryInfo(card), nvml.nvmlDeviceGetUtilizationRates(card).gpu
            yield Gpu(index, str(nvml.nvmlDeviceGetName(card)), float(busy), int(memory.used), int(memory.total))


def _first_card(nvml: Any) -> Any:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip()
    if visible.startswith(("GPU-", "MIG-")):
        return nvml.nvmlDeviceGetHandleByUUID(visible)
    if visible.isdecimal():
        return nvml.nvmlDeviceGetHandleByIndex(int(visible))
    raise nvml.NVMLError(nvml.NVML_ERROR_NOT_FOUND)  # `-1` or nothing: no card is to be seen


def _amd() -> Iterator[Gpu]:
    """Cards of the amdgpu driver."""
    folders = [folder for folder in sorted(DRM.glob("card*/device")) if (folder / "mem_info_vram_total").exists()]
    for index, folder in enumerate(folders):
        with suppress(OSError, ValueError):
            names = ("gpu_busy_percent", "mem_info_vram_used", "mem_info_vram_total")
            busy, used, total = (int((folder / name).read_text()) for name in names)
            yield Gpu(index, f"AMD {folder.parent.name}", float(busy), used, total)
