"""Choosing device, number type and threads."""

import time

import pytest
import torch

from livegraph_wan import device
from livegraph_wan.device import choose_device, choose_threads, fast_dtype


def test_auto_takes_the_first_device_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise RuntimeError("none here")

    monkeypatch.setattr(device, "PROBES", {"cuda": refuse, "mps": lambda: "yes", "cpu": lambda: "yes"})
    assert choose_device("auto").type == "mps"
    with pytest.raises(RuntimeError, match="none here"):
        choose_device("cuda")


@pytest.mark.parametrize(("flags", "wanted"), [({"avx512_bf16"}, torch.bfloat16), ({"avx2"}, torch.float32)])
def test_bf16_only_where_the_cpu_multiplies_it(monkeypatch, flags, wanted) -> None:
    monkeypatch.setattr(device, "_cpu_flags", lambda: flags)
    assert fast_dtype("cpu") == wanted


def test_the_faster_number_of_threads_is_kept() -> None:
    torch.set_num_threads(2)
    assert choose_threads(lambda: time.sleep(0.002 * torch.get_num_threads()), most=2) == torch.get_num_threads() == 1
    torch.set_num_threads(2)
    assert choose_threads(lambda: time.sleep(0.004 / torch.get_num_threads()), most=2) == torch.get_num_threads() == 2
