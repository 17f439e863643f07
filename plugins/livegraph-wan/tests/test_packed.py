"""Linear layers in fp8: near to what they were, in every block, and nowhere else. torch's operator runs on CPUs too."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from livegraph import InputError
from livegraph_wan.load import Wanted, load
from livegraph_wan.packed import Fp8Linear, pack
from livegraph_wan.profile import WAN_NANO
from livegraph_wan.quantise import PACKS
from livegraph_wan.stream import Stream

from .models import PROFILE, make_model, show

CPU = torch.device("cpu")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("bias", [True, False])
def test_a_packed_layer_is_near_to_the_whole_one(dtype: torch.dtype, bias: bool) -> None:
    torch.manual_seed(1)
    layer = nn.Linear(64, 48, bias=bias)
    with torch.no_grad():
        layer.weight *= torch.logspace(-2, 1, 48)[:, None]  # outputs of very different size: each has its scale
    layer, x = layer.to(dtype), torch.randn(2, 5, 64, dtype=dtype)
    whole, packed = layer(x), Fp8Linear(layer)(x)
    assert packed.dtype == dtype
    assert packed.shape == whole.shape
    off = (packed - whole).float().norm(dim=(0, 1)) / whole.float().norm(dim=(0, 1))
    assert 0.001 < off.mean() < 0.05
    assert off.max() < 0.1


def test_a_token_keeps_its_own_scale() -> None:
    layer = nn.Linear(32, 16, bias=False)
    x = torch.randn(2, 32) * torch.tensor([[1e-3], [1e3]])
    whole, packed = layer(x), Fp8Linear(layer)(x)
    assert ((packed - whole).norm(dim=1) / whole.norm(dim=1)).max() < 0.06
    assert not Fp8Linear(layer)(torch.zeros(1, 32)).any()


def test_the_blocks_are_packed_and_nothing_else() -> None:
    model = make_model()
    pack(model.transformer)
    kinds = {name: type(layer) for name, layer in model.transformer.named_modules()}
    assert kinds["blocks.0.self_attn.q"] is kinds["blocks.2.ffn.2"] is Fp8Linear
    assert kinds["head.head"] is kinds["time_projection.1"] is nn.Linear
    model.to(torch.bfloat16)
    assert model.transformer.blocks[0].ffn[0]._weight.dtype == torch.float8_e4m3fn


def test_a_packed_stream_paints_nearly_the_same() -> None:
    packed = make_model()
    pack(packed.transformer)
    whole, made = (
        show(Stream(model, PROFILE, device=CPU, dtype=torch.float32), chunks=4).astype(float)
        for model in (make_model(), packed)
    )
    assert 0 < np.abs(whole - made).mean() < 0.05 * whole.std()


def test_it_compiles_as_one_graph() -> None:
    torch._dynamo.reset()
    layer, x = Fp8Linear(nn.Linear(32, 16)), torch.randn(1, 4, 32)
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True, dynamic=False)
    torch.testing.assert_close(compiled(x), layer(x), atol=1e-3, rtol=0)


def test_it_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(PACKS, "torch-cpu", ("fp8",))  # slow here, but it is the way that a GPU goes
    wanted = Wanted(WAN_NANO, quantise="fp8")
    assert len(show(load(wanted, "torch-cpu").stream, chunks=2)) == 8
    (lora := tmp_path / "lora.safetensors").touch()
    with pytest.raises(InputError, match="LoRAs cannot be laid over packed weights"):
        load(replace(wanted, loras={lora: 1.0}), "torch-cpu")


def test_where_it_does_not_work_is_said() -> None:
    with pytest.raises(InputError, match=r"fp8 does not work on torch-cpu"):
        load(Wanted(WAN_NANO, quantise="fp8"), "torch-cpu")
