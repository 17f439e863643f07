"""The bench of ways to run on torch: all of them run, and each is measured by itself."""

import pytest
import torch

from livegraph_wan import speed
from livegraph_wan.device import choose_device


@pytest.mark.skipif(choose_device("auto").type != "cpu", reason="threads are a CPU's")
def test_every_way_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ROUNDS", 1), ("CHUNKS", 1), ("BUSY_SECONDS", 1.0), ("THREADS", 2)):
        monkeypatch.setattr(speed, name, value)
    figures = list(speed.measure(quick=True))
    assert [figure.part for figure in figures] == ["ways"] * 3 + ["load"] * 3 + ["layers"] * 6
    assert all(figure.value > 0 for figure in figures)
    assert {figure.unit for figure in figures if figure.part != "layers"} == {"frames/s"}


def test_int8_by_hand_is_near_to_the_layer() -> None:
    torch.manual_seed(1)
    layer, x = torch.nn.Linear(64, 48).bfloat16(), torch.randn(5, 64).bfloat16()
    whole, packed = layer(x).float(), speed._Int8(layer)(x).float()
    assert (packed - whole).norm() / whole.norm() < 0.02
