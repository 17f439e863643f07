"""LoRAs with live strengths on MLX: what torch's do, on weights that are packed or not, in a pass compiled once."""

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from livegraph import ModelError
from livegraph_wan.backend import Pass
from livegraph_wan.checkpoint import LiveLoras as TorchLiveLoras
from livegraph_wan.checkpoint import Lora, read_lora
from livegraph_wan.load import Wanted, load
from livegraph_wan.mlx.convert import to_torch_layout
from livegraph_wan.mlx.live import LiveLoras
from livegraph_wan.mlx.model import WanTransformer
from livegraph_wan.mlx.quantise import quantise, unpacked
from livegraph_wan.mlx.stream import MlxBackend
from livegraph_wan.mlx.wan import Wan
from livegraph_wan.profile import WAN_NANO, Architecture

from .conftest import PROFILE, Pair, assert_close, last, make_pair

SIZE = (48, 64)
LOW_RANK = ("blocks.0.self_attn.q", "blocks.0.cross_attn.k", "blocks.1.ffn.0", "time_projection.1", "head.head")
WHOLE = {
    "blocks.0.self_attn.q.diff_b": (64,),
    "blocks.1.self_attn.v.diff": (64, 64),
    "blocks.1.norm3.diff": (64,),
    "blocks.0.diff_m": (1, 6, 64),
}
STRENGTHS = ((0.3, 0.0), (0.3, 0.8), (-1.0, 0.25), (0.0, 0.0))


def low_rank(weights: dict[str, Tensor], rank: int) -> dict[str, Tensor]:
    tensors = {}
    for module in LOW_RANK:
        outputs, inputs = weights[f"{module}.weight"].shape
        tensors[f"{module}.lora_A.weight"] = torch.randn(rank, inputs) * 0.2
        tensors[f"{module}.lora_B.weight"] = torch.randn(outputs, rank) * 0.2
    return tensors


@pytest.fixture
def pair() -> Pair:
    return make_pair()


@pytest.fixture
def loras(pair: Pair, tmp_path: Path) -> dict[str, Lora]:
    """One of pairs; one of pairs of another rank, a convolution, a bias, and whole differences."""
    weights = pair.torch.transformer.state_dict()
    torch.manual_seed(6)
    oil = low_rank(weights, 5) | {name: torch.randn(shape) * 0.2 for name, shape in WHOLE.items()}
    oil["patch_embedding.lora_A.weight"] = torch.randn(2, 16, 1, 2, 2) * 0.2
    oil["patch_embedding.lora_B.weight"] = torch.randn(64, 2, 1, 1, 1) * 0.2
    oil["blocks.1.ffn.0.lora_B.bias"] = torch.randn(128) * 0.2
    for name, tensors in (("ink", low_rank(weights, 3)), ("oil", oil)):
        save_file(tensors, tmp_path / f"{name}.safetensors")
    return {name: read_lora(tmp_path / f"{name}.safetensors") for name in ("ink", "oil")}


def velocity(backend, first: bool) -> object:
    """Of one block after another; the prompt is read with the strengths of now."""
    runner = backend.runner(SIZE, 1)
    prompt = backend.read_prompt(np.random.default_rng(1).standard_normal((1, 5, 64), np.float32))
    for seed in range(2):
        x = torch.randn(1, 16, 1, 6, 8, generator=torch.Generator().manual_seed(seed))
        runner.begin_block()
        made = runner.velocity(Pass(last(x) if first else x, None, (500.0,)), prompt)
    return made


@pytest.mark.parametrize("bits", [None, 8, 4])
def test_they_do_what_torchs_do_at_every_strength(pair: Pair, loras: dict[str, Lora], bits) -> None:
    if bits:
        quantise(pair.mlx.transformer, bits)
        _unpack_into(pair)
    zero = dict.fromkeys(loras, 0.0)
    theirs = TorchLiveLoras(pair.torch.transformer, loras, zero)
    ours = LiveLoras(pair.mlx.transformer, loras, zero)
    torch_backend, mlx_backend = pair.backends(PROFILE)
    plain = velocity(torch_backend, first=False)
    for ink, oil in STRENGTHS:
        for live in (theirs, ours):
            live.set("ink", ink)
            live.set("oil", oil)
        wanted = velocity(torch_backend, first=False)
        assert_close(velocity(mlx_backend, first=True), wanted)
        assert ((wanted - plain).abs().max() > 0.05) == (ink != 0 or oil != 0)
    assert ours.strengths() == {"ink": 0.0, "oil": 0.0}


def _unpack_into(pair: Pair) -> None:
    """Give torch the weights that the packed ones stand for."""
    state = pair.torch.transformer.state_dict()
    for name, layer in pair.mlx.transformer.named_modules():
        if "scales" in layer:
            weight = unpacked(layer, mx.float32).weight
            state[f"{name}.weight"].copy_(torch.from_numpy(np.array(weight)))


class Counting(Wan):
    """Counts how often its Python runs: once per trace of a compiled pass."""

    runs = 0

    def velocity(self, *given):
        Counting.runs += 1
        return super().velocity(*given)


def test_a_compiled_pass_follows_without_being_traced_again(pair: Pair, loras: dict[str, Lora]) -> None:
    live = LiveLoras(pair.mlx.transformer, loras, dict.fromkeys(loras, 0.0))
    model = Counting(pair.mlx.transformer, pair.mlx.vae, pair.mlx.text)
    compiled = MlxBackend(model, PROFILE, mx.float32, compiled=True, changing=live.state)
    plain = MlxBackend(pair.mlx, PROFILE, mx.float32, compiled=False)
    runner = compiled.runner(SIZE, 1)
    text = np.random.default_rng(1).standard_normal((1, 5, 64), np.float32)
    x = mx.random.normal((1, 1, 6, 8, 16))
    runner.begin_block()
    made, Counting.runs = [], 0
    for ink, oil in STRENGTHS:
        live.set("ink", ink)
        live.set("oil", oil)
        prompt = compiled.read_prompt(text)
        got = runner.velocity(Pass(x, None, (500.0,)), prompt)
        reference = plain.runner(SIZE, 1)
        reference.begin_block()
        wanted = reference.velocity(Pass(x, None, (500.0,)), prompt)
        np.testing.assert_allclose(np.array(got), np.array(wanted), atol=1e-5)
        made.append(np.array(got))
    assert Counting.runs == 2, "while the window fills, and full"
    assert all(np.abs(made[-1] - other).max() > 0.05 for other in made[:-1])


def test_what_does_not_fit_is_named_and_nothing_is_changed(pair: Pair, loras: dict[str, Lora]) -> None:
    small = WanTransformer(Architecture(32, 48, 1, 2, 12, 7, 16, 16, 16))
    before = to_torch_layout(small)
    with pytest.raises(ModelError, match="it is for a model of another size"):
        LiveLoras(small, {"ink": loras["ink"]}, {"ink": 1.0})
    assert to_torch_layout(small).keys() == before.keys()
    live = LiveLoras(pair.mlx.transformer, {"ink": loras["ink"]}, {"ink": 1.0})
    with pytest.raises(KeyError):
        live.set("oil", 1.0)


@pytest.mark.parametrize("quantise", ["none", "int8"])
def test_a_loaded_nano_follows_a_strength_from_the_next_chunk(tmp_path: Path, quantise: str) -> None:
    """Also what the prompt is read with: the LoRA is on the cross-attention's keys."""
    torch.manual_seed(2)
    width = WAN_NANO.architecture.dim
    for part, name in (("k", "ink"), ("v", "oil")):
        module = f"blocks.0.cross_attn.{part}"
        factors = {"lora_A": torch.randn(2, width) * 0.5, "lora_B": torch.randn(width, 2) * 0.5}
        save_file({f"{module}.{side}.weight": value for side, value in factors.items()}, tmp_path / name)
    paths = tmp_path / "ink", tmp_path / "oil"
    loaded = load(Wanted(WAN_NANO, dtype="fp32", quantise=quantise, loras=dict.fromkeys(paths, 0.0)), "mlx")
    loaded.stream.set_prompt("oil")
    clip = np.random.default_rng(1).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)

    def painted(ink: float, oil: float) -> np.ndarray:
        loaded.stream.reset()
        loaded.set_loras(dict(zip(paths, (ink, oil), strict=True)))
        return loaded.stream.step(clip)

    without = painted(0.0, 0.0)
    one, both = painted(3.0, 0.0), painted(3.0, 3.0)
    assert (one != without).any()
    assert (both != one).any()
    assert (painted(0.0, 0.0) == without).all()
