"""The formulas against real models and real passes."""

import dataclasses
import weakref

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from livegraph_wan.backend import Pass
from livegraph_wan.cost import flops, memory, parameters, tokens
from livegraph_wan.model import WanTransformer
from livegraph_wan.nano.text import NanoText
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.profile import PROFILES, WAN_1_3B, WAN_14B, WAN_NANO, Architecture, Profile
from livegraph_wan.stream import TorchBackend, TorchRunner
from livegraph_wan.wan import Wan

CPU = torch.device("cpu")
SMALL = Architecture(dim=96, ffn_dim=256, num_layers=3, num_heads=2, text_dim=24, text_len=8, freq_dim=32)
PROFILE = Profile("small", SMALL, (1000, 500), shift=1.0, frames_per_block=1, window=4, steps=1)


@pytest.mark.parametrize("config", [SMALL, WAN_NANO.architecture, dataclasses.replace(SMALL, in_dim=36, image_dim=40)])
def test_parameters_are_those_of_the_model(config: Architecture) -> None:
    with torch.device("meta"):
        model = WanTransformer(config)
    assert parameters(config) == sum(p.numel() for p in model.parameters())


def test_the_published_models_have_their_published_sizes() -> None:
    """1.42 and 14.3 billion (Wan 2.1)."""
    assert parameters(WAN_1_3B) == pytest.approx(1.42e9, rel=0.01)
    assert parameters(WAN_14B) == pytest.approx(14.3e9, rel=0.01)


def test_tokens() -> None:
    assert [tokens(size) for size in ((832, 480), (512, 512), (256, 256), (40, 24))] == [1560, 1024, 256, 6]


class Held(TorchDispatchMode):
    """The most bytes that new tensors hold at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._seen: set[int] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        given = {tensor.untyped_storage()._cdata for tensor in tree_leaves(args) if isinstance(tensor, torch.Tensor)}
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor) and tensor.untyped_storage()._cdata not in given:
                self._count(tensor.untyped_storage())
        return out

    def _count(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key in self._seen:
            return
        self._seen.add(key)
        self.now += storage.nbytes()
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._gone, key, storage.nbytes())

    def _gone(self, key: int, size: int) -> None:
        self._seen.discard(key)
        self.now -= size


def wan(profile: Profile) -> Wan:
    return Wan(WanTransformer(profile.architecture), NanoVAE(), NanoText()).eval()


def runner_of(model: Wan, profile: Profile, size: tuple[int, int], dtype: torch.dtype, rows: int = 1) -> TorchRunner:
    return TorchBackend(model, profile, CPU, dtype).runner((size[1], size[0]), rows)


def test_flops_are_those_that_torch_counts() -> None:
    model, size = wan(PROFILE), (64, 48)
    runner = runner_of(model, PROFILE, size, torch.float32)
    prompt = model.transformer.read_prompt(torch.randn(1, 5, 24))
    x = torch.randn(1, 16, 1, 6, 8)
    for _ in range(PROFILE.window):
        runner.begin_block()
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:  # the others are not counted
            runner.velocity(Pass(x, None, (500,)), prompt)
    assert counter.get_total_flops() == flops(PROFILE, size)


def test_flops_of_the_published_models() -> None:
    """TFLOP per latent frame and step at a window of 6, 12 and 21 frames."""
    for name, size, wanted in (
        ("streamdiffusionv2-1.3b", (832, 480), {6: 6.7, 12: 9.4, 21: 13.5}),
        ("streamdiffusionv2-1.3b", (512, 512), {6: 3.8, 12: 5.0, 21: 6.7}),
        ("streamdiffusionv2-14b", (832, 480), {6: 50, 12: 62, 21: 80}),
    ):
        for window, teraflops in wanted.items():
            profile = dataclasses.replace(PROFILES[name], window=window)
            assert flops(profile, size) / 1e12 == pytest.approx(teraflops, rel=0.03)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("window", [PROFILE.window, PROFILE.frames_per_block])
def test_caches_are_as_large_as_said(rows: int, window: int) -> None:
    profile = dataclasses.replace(PROFILE, window=window)
    model, size = wan(profile), (64, 48)
    cache = runner_of(model, profile, size, torch.float32, rows).cache
    prompt = model.transformer.read_prompt(torch.randn(1, 5, 24))
    held = cache._keys.nbytes + cache._values.nbytes + sum(t.nbytes for kv in prompt.layers for t in (kv.k, kv.v))
    assert held == memory(profile, size, 4, rows).cache
    assert sum(p.nbytes for p in model.transformer.parameters()) == memory(PROFILE, size, 4).weights


def real_work(profile: Profile, size: tuple[int, int], dtype: torch.dtype) -> int:
    """Bytes that a pass with a full window allocates at most."""
    model = wan(profile)
    runner = runner_of(model, profile, size, dtype)
    prompt = model.transformer.read_prompt(torch.randn(1, 5, profile.architecture.text_dim))
    x = torch.randn(1, 16, profile.frames_per_block, size[1] // 8, size[0] // 8)
    for _ in range(profile.window):
        runner.begin_block()
        with Held() as held:
            runner.velocity(Pass(x, None, (500,)), prompt)
    return held.peak


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("window", [2, 8])
@pytest.mark.parametrize("ffn_dim", [256, 1024])
def test_working_memory_is_foreseen_within_a_tenth(window: int, ffn_dim: int, dtype: torch.dtype) -> None:
    profile = dataclasses.replace(
        PROFILE, window=window, architecture=dataclasses.replace(SMALL, ffn_dim=ffn_dim, num_layers=1)
    )
    size = (256, 256)
    assert real_work(profile, size, dtype) == pytest.approx(memory(profile, size, dtype.itemsize).work, rel=0.1)
