"""Graphics cards, as drivers tell of them: NVIDIA's library by its own names, AMD's by its files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pynvml  # type: ignore[import-untyped]
import pytest

from livegraph import Gpu, Room, all_gpus, gpus, room_of
from livegraph.observe.machine import GpuMeter

GIB = 1 << 30


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No card, whatever this machine has."""
    monkeypatch.setattr(gpus, "DRM", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: refuse(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND))
    gpus._nvml.cache_clear()
    yield
    gpus._nvml.cache_clear()


def refuse(code: int) -> None:
    raise pynvml.NVMLError(code)


@pytest.fixture
def two_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """NVML as a machine has it with two cards, of which the second does not tell how busy it is."""

    def busy(card: int) -> Any:
        if card == 1:
            refuse(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return SimpleNamespace(gpu=37)

    def by_index(index: int) -> int:
        if index not in (0, 1):
            refuse(pynvml.NVML_ERROR_NOT_FOUND)
        return index

    told = {
        "nvmlInit": lambda: None,
        "nvmlDeviceGetCount": lambda: 2,
        "nvmlDeviceGetHandleByIndex": by_index,
        "nvmlDeviceGetHandleByUUID": {"GPU-b": 1}.__getitem__,
        "nvmlDeviceGetMemoryInfo": lambda card: SimpleNamespace(used=(card + 1) * GIB, free=3 * GIB, total=80 * GIB),
        "nvmlDeviceGetUtilizationRates": busy,
        "nvmlDeviceGetName": lambda card: "H100",
    }
    for name, answer in told.items():
        monkeypatch.setattr(pynvml, name, answer)


def amd(folder: Path, card: str, **files: int) -> None:
    (folder / card / "device").mkdir(parents=True)
    for name, value in files.items():
        (folder / card / "device" / name).write_text(f"{value}\n")


def test_without_a_driver_there_are_none() -> None:
    assert all_gpus() == []
    assert room_of("gpu") is None


def test_cards_that_answer_are_told(two_cards: None) -> None:
    assert all_gpus() == [Gpu(0, "H100", 37.0, GIB, 80 * GIB)]


@pytest.mark.parametrize(
    ("visible", "found"), [(None, True), ("1,0", True), ("GPU-b", True), ("-1", False), ("7", False)]
)
def test_the_room_of_the_card_that_cuda_sees(
    visible: str | None, found: bool, two_cards: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert room_of("gpu") == (Room(3 * GIB, 80 * GIB) if found else None)


def test_amds_cards(tmp_path: Path) -> None:
    amd(tmp_path, "card0")  # another driver's
    amd(tmp_path, "card1", mem_info_vram_total=16 * GIB, mem_info_vram_used=5 * GIB, gpu_busy_percent=12)
    assert all_gpus() == [Gpu(0, "AMD card1", 12.0, 5 * GIB, 16 * GIB)]
    assert room_of("gpu") == Room(11 * GIB, 16 * GIB)


def test_a_run_tells_of_them(two_cards: None) -> None:
    meter, ends = GpuMeter(), time.monotonic() + 20
    while not meter.latest() and time.monotonic() < ends:
        time.sleep(0.01)
    (card,) = meter.latest()
    assert card == {
        "index": 0,
        "name": "H100",
        "busy_percent": 37.0,
        "memory_used_mb": 1024.0,
        "memory_total_mb": 80 * 1024.0,
    }
