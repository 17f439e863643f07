"""The same random weights on torch and on MLX."""

from dataclasses import replace
from typing import Any, NamedTuple

import mlx.core as mx
import numpy as np
import pytest
import torch

from livegraph_wan.mlx import model as mlx_model
from livegraph_wan.mlx import nano as mlx_nano
from livegraph_wan.mlx import wan as mlx_wan
from livegraph_wan.mlx.convert import from_torch, load
from livegraph_wan.mlx.stream import MlxBackend
from livegraph_wan.model import WanTransformer
from livegraph_wan.nano.model import NanoWan
from livegraph_wan.nano.text import NanoText
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.profile import Architecture, Profile
from livegraph_wan.stream import TorchBackend
from livegraph_wan.wan import Wan

TINY = Architecture(dim=64, ffn_dim=128, num_layers=2, num_heads=2, text_dim=64, text_len=16, freq_dim=32)
PROFILE = Profile("tiny", TINY, (900, 600, 300), shift=3.0, frames_per_block=1, window=3, steps=2)


class Pair(NamedTuple):
    """A model of `Wan` on both."""

    torch: Wan
    mlx: mlx_wan.Wan

    def backends(self, profile: Profile, *, compiled: bool = False) -> tuple[TorchBackend, MlxBackend]:
        return (
            TorchBackend(self.torch, profile, torch.device("cpu"), torch.float32),
            MlxBackend(self.mlx, profile, mx.float32, compiled=compiled),
        )


def make_pair(architecture: Architecture = TINY) -> Pair:
    torch.manual_seed(5)
    model = Wan(WanTransformer(architecture), NanoVAE(), NanoText()).eval()
    same = mlx_wan.Wan(mlx_model.WanTransformer(architecture), mlx_nano.NanoVAE(), mlx_nano.NanoText())
    load(same, from_torch(model.state_dict().items()))
    return Pair(model, same)


@pytest.fixture(scope="session")
def pair() -> Pair:
    """A tiny model without preconditioning."""
    return make_pair()


@pytest.fixture
def image_pair() -> Pair:
    """One that attends to an image as well."""
    return make_pair(replace(TINY, image_dim=24))


@pytest.fixture
def nano_pair(untrained: NanoWan) -> Pair:
    """wan-nano, untrained."""
    same = mlx_nano.NanoWan()
    load(same, from_torch(untrained.state_dict().items()))
    return Pair(untrained, same)


def last(x: torch.Tensor) -> mx.array:
    """`[B, C, ...]` with the channels last."""
    return mx.array(x.numpy()).moveaxis(1, -1)


def second(x: mx.array) -> torch.Tensor:
    """`[B, ..., C]` with the channels second."""
    return torch.from_numpy(np.array(x.moveaxis(-1, 1)))


def assert_close(got: mx.array, wanted: torch.Tensor, atol: float = 1e-4) -> None:
    """Latents of both: channels last here, second there."""
    torch.testing.assert_close(second(got), wanted, atol=atol, rtol=0)


def frames(count: int, height: int = 32, width: int = 48) -> torch.Tensor:
    """A clip `[1, T, 3, H, W]` in -1..1, the same at every call."""
    return torch.rand(1, count, 3, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1


def channels_last(clip: torch.Tensor) -> mx.array:
    return mx.array(clip.numpy()).moveaxis(2, -1)


def assert_same_both_ways(theirs: Any, ours: Any, clip: torch.Tensor, shape: tuple[int, ...], spread: float) -> None:
    """A VAE on MLX encodes and decodes a clip as torch's does, into pictures of `shape`; latents and pictures vary by
    more than `spread`.
    """
    latents, _ = theirs.encode(clip, None)
    got, _ = ours.encode(channels_last(clip), None)
    assert_close(got, latents)
    assert latents.std() > spread
    drawn, _ = theirs.decode(latents, None)
    got, _ = ours.decode(last(latents), None)
    assert got.shape == shape
    assert drawn.std() > spread
    np.testing.assert_allclose(np.array(got.moveaxis(-1, 2)), drawn.numpy(), atol=1e-4)
