"""The formulas against real models and real passes."""

import dataclasses
from pathlib import Path

import pytest
import torch
from held_support import Held
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from livegraph_wan.backend import Pass
from livegraph_wan.checkpoint.live import LiveLinear, LiveLoras
from livegraph_wan.checkpoint.lora import Lora, LowRank
from livegraph_wan.cost import flops, lora_parameters, memory, parameters, text_encoder_parameters, tokens
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


def test_the_text_encoder_is_as_large_as_transformers_makes_it() -> None:
    from transformers import UMT5Config, UMT5EncoderModel

    with torch.device("meta"):
        xxl = UMT5EncoderModel(UMT5Config(vocab_size=256384, d_model=4096, d_ff=10240, num_layers=24, num_heads=64))
        small = UMT5EncoderModel(UMT5Config(vocab_size=50, d_model=24, d_kv=8, d_ff=40, num_layers=3, num_heads=2))
    assert text_encoder_parameters() == sum(p.numel() for p in xxl.parameters())
    assert text_encoder_parameters(50, 24, 40, 3, 2, 8) == sum(p.numel() for p in small.parameters())


@pytest.mark.parametrize("rank", [1, 8])
def test_loras_beside_the_model_are_as_large_as_said(rank: int) -> None:
    model = WanTransformer(SMALL).eval()
    layers = {
        name: layer
        for name, layer in model.named_modules()
        if name.startswith("blocks.") and isinstance(layer, torch.nn.Linear)
    }
    pairs = {
        name: LowRank(torch.randn(rank, layer.in_features), torch.randn(layer.out_features, rank), 1.0, None)
        for name, layer in layers.items()
    }
    LiveLoras(model, {"a": Lora(Path("a.safetensors"), pairs, {})}, {"a": 1.0})
    live = [layer for layer in model.modules() if isinstance(layer, LiveLinear)]
    assert sum(layer.down.numel() + layer.up.numel() for layer in live) == lora_parameters(SMALL, rank)
