"""Choosing device, number type and threads."""

import time
from types import SimpleNamespace

import pytest
import torch

from livegraph_wan import device, machine
from livegraph_wan.device import choose_device, choose_threads, fast_dtype


def test_auto_takes_the_first_device_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise RuntimeError("none here")

    monkeypatch.setattr(device, "PROBES", {"cuda": refuse, "mps": lambda: "yes", "cpu": lambda: "yes"})
    assert choose_device("auto").type == "mps"
    with pytest.raises(RuntimeError, match="none here"):
        choose_device("cuda")


CUDA = {
    "a CPU build beside an NVIDIA GPU": (None, True, r"built without CUDA, and an NVIDIA GPU is here.* pip install"),
    "a CPU build": (None, False, "is built without CUDA$"),
    "a driver that is too old": ("12.8", True, r"driver may be too old for CUDA 12\.8 \(nvidia-smi"),
    "no GPU": ("12.8", False, "finds no NVIDIA or AMD GPU$"),
}


@pytest.mark.parametrize("case", CUDA)
def test_what_keeps_cuda_from_running_is_told(monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    built, nvidia, says = CUDA[case]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", built)
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(device, "has_nvidia", lambda: nvidia)
    with pytest.raises(RuntimeError, match=says):
        device.probe_cuda()


def test_a_gpu_is_told_with_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    card = SimpleNamespace(name="NVIDIA H200", total_memory=140 << 30)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: card)
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    assert str(device.probe_cuda()) == f"NVIDIA H200 (140 GiB), torch {torch.__version__} with CUDA 12.8"


@pytest.mark.parametrize(
    ("built", "apple", "says"),
    [(True, True, "needs macOS 14"), (False, True, "built without MPS"), (False, False, "finds no Apple GPU")],
)
def test_what_keeps_mps_from_running_is_told(monkeypatch: pytest.MonkeyPatch, built, apple, says: str) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_built", lambda: built)
    monkeypatch.setattr(device, "is_apple", lambda: apple)
    with pytest.raises(RuntimeError, match=says):
        device.probe_mps()


def test_the_cpu_is_told_by_name() -> None:
    found = device.probe_cpu()
    assert found.device
    assert found.memory is None or found.memory > 1 << 28
    assert f"{torch.get_num_threads()} threads" in found.version


@pytest.mark.parametrize(("flags", "wanted"), [({"avx512_bf16"}, torch.bfloat16), ({"avx2"}, torch.float32)])
def test_bf16_only_where_the_cpu_multiplies_it(monkeypatch, flags, wanted) -> None:
    monkeypatch.setattr(machine, "_cpu_flags", lambda: flags)
    assert fast_dtype("cpu") == wanted


def test_the_faster_number_of_threads_is_kept() -> None:
    torch.set_num_threads(2)
    assert choose_threads(lambda: time.sleep(0.002 * torch.get_num_threads()), most=2) == torch.get_num_threads() == 1
    torch.set_num_threads(2)
    assert choose_threads(lambda: time.sleep(0.004 / torch.get_num_threads()), most=2) == torch.get_num_threads() == 2
