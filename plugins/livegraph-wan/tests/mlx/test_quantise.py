"""Packed weights, on the transformer that ships."""

from typing import NamedTuple

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_flatten

from livegraph_wan.mlx.model import WanTransformer
from livegraph_wan.mlx.nano import load_nano
from livegraph_wan.mlx.quantise import quantise
from livegraph_wan.mlx.stream import Stream
from livegraph_wan.profile import WAN_NANO, Architecture

PROMPT = "neon lights"
"""Of all looks the one that packing changes most."""
NEAR = {8: (0.02, 50.0), 4: (0.2, 33.0)}
"""By bits: how far latents may be from those of fp32 weights (relative L2), and how near pictures must be (PSNR)."""


class Painted(NamedTuple):
    latents: np.ndarray
    pictures: np.ndarray


def painted(bits: int | None) -> Painted:
    """Several chunks, in fp32 but for the weights."""
    model = load_nano()
    if bits:
        quantise(model.transformer, bits)
    stream, latents = Stream(model, WAN_NANO, dtype=mx.float32), []
    decode = stream._backend.decode
    stream._backend.decode = lambda clean, state: (latents.append(np.array(clean)), decode(clean, state))[1]
    stream.set_prompt(PROMPT)
    clip = np.random.default_rng(1).integers(0, 256, (16, 6, 8, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    pictures = [stream.step(clip[at : at + 4]).astype(float) for at in range(0, 16, 4)]
    return Painted(np.concatenate(latents), np.concatenate(pictures))


@pytest.fixture(scope="module")
def full() -> Painted:
    return painted(None)


@pytest.mark.parametrize("bits", NEAR)
def test_packed_weights_are_near_full_ones(full: Painted, bits: int) -> None:
    packed, (furthest, psnr) = painted(bits), NEAR[bits]
    error = np.linalg.norm(packed.latents - full.latents) / np.linalg.norm(full.latents)
    assert 1e-4 < error < furthest
    assert 10 * np.log10(255**2 / np.square(packed.pictures - full.pictures).mean()) > psnr


def bytes_of(model: nn.Module) -> int:
    return sum(weight.nbytes for _, weight in tree_flatten(model.parameters()))


def test_what_is_packed_and_what_is_not() -> None:
    model = load_nano().transformer
    before = bytes_of(model)
    quantise(model, 4)
    packed = {name for name, layer in model.named_modules() if isinstance(layer, nn.QuantizedLinear)}
    assert len(packed) == 6 * (4 + 4 + 2)
    assert all(name.startswith("blocks.") for name in packed)
    assert bytes_of(model) < 0.5 * before, "a fourth of bf16, plus scales, plus what is not packed"
    assert model.dtype == mx.bfloat16


def test_widths_that_cannot_be_packed_are_refused() -> None:
    config = Architecture(dim=96, ffn_dim=128, num_layers=1, num_heads=2, text_dim=16, text_len=4, freq_dim=32)
    with pytest.raises(ValueError, match="widths 96 and 128: only multiples of 64"):
        quantise(WanTransformer(config), 8)
