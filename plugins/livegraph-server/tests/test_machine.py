from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from livegraph_server import machine
from livegraph_server.machine import MachineMeter

NVMLError = machine.pynvml.NVMLError
NOT_FOUND = machine.pynvml.NVML_ERROR_LIBRARY_NOT_FOUND
NOT_SUPPORTED = machine.pynvml.NVML_ERROR_NOT_SUPPORTED


class NoDriver:
    NVMLError = NVMLError

    @staticmethod
    def nvmlInit() -> None:
        raise NVMLError(NOT_FOUND)


class TwoGpus:
    """NVML as a machine with two GPUs has it, of which one is in no mood."""

    NVMLError = NVMLError
    nvmlInit = staticmethod(lambda: None)
    nvmlDeviceGetCount = staticmethod(lambda: 2)
    nvmlDeviceGetHandleByIndex = staticmethod(lambda index: index)
    nvmlDeviceGetMemoryInfo = staticmethod(lambda handle: SimpleNamespace(used=1 << 30, total=80 << 30))
    nvmlDeviceGetName = staticmethod(lambda handle: "H100")

    @staticmethod
    def nvmlDeviceGetUtilizationRates(handle: int) -> Any:
        if handle == 1:
            raise NVMLError(NOT_SUPPORTED)
        return SimpleNamespace(gpu=37)


def test_without_a_driver_there_are_no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "pynvml", NoDriver)
    assert MachineMeter().read().gpus == ()


def test_gpus_that_answer_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "pynvml", TwoGpus)
    (gpu,) = MachineMeter().read().gpus
    assert (gpu.index, gpu.name, gpu.percent, gpu.memory_used, gpu.memory_total) == (0, "H100", 37, 1 << 30, 80 << 30)


def test_work_shows_in_the_figures() -> None:
    meter = MachineMeter()
    ends = time.process_time() + 0.2
    while time.process_time() < ends:
        pass
    found = meter.read()
    assert found.process_percent > 10 and found.cpu_percent > 0 and found.process_memory > 1 << 20
