"""The MLX VAEs against torch's, and streams against one call."""

import mlx.core as mx
import numpy as np
import pytest
import torch

from livegraph_wan.mlx.layers import fold_pixels, unfold_pixels

from .conftest import Pair, assert_close, last


def frames(count: int) -> torch.Tensor:
    return torch.rand(1, count, 3, 32, 48, generator=torch.Generator().manual_seed(1)) * 2 - 1


def channels_last(clip: torch.Tensor) -> mx.array:
    return mx.array(clip.numpy()).moveaxis(2, -1)


def test_nano_agrees_with_torch_both_ways(nano_pair: Pair) -> None:
    clip = frames(12)
    latents, _ = nano_pair.torch.vae.encode(clip, None)
    ours, _ = nano_pair.mlx.vae.encode(channels_last(clip), None)
    assert_close(ours, latents)
    drawn, _ = nano_pair.torch.vae.decode(latents, None)
    ours, _ = nano_pair.mlx.vae.decode(last(latents), None)
    np.testing.assert_allclose(np.array(ours.moveaxis(-1, 2)), drawn.numpy(), atol=1e-4)


def test_nano_streams_as_it_does_at_once(nano_pair: Pair) -> None:
    vae, clip = nano_pair.mlx.vae, channels_last(frames(16))
    whole, _ = vae.encode(clip, None)
    drawn, _ = vae.decode(whole, None)
    encoder = decoder = None
    latents, pictures = [], []
    for at in range(0, 16, 4):
        latent, encoder = vae.encode(clip[:, at : at + 4], encoder)
        picture, decoder = vae.decode(latent, decoder)
        latents.append(latent)
        pictures.append(picture)
    np.testing.assert_allclose(np.array(mx.concatenate(latents, 1)), np.array(whole), atol=1e-5)
    np.testing.assert_allclose(np.array(mx.concatenate(pictures, 1)), np.array(drawn), atol=1e-5)
    cold, _ = vae.decode(whole[:, 1:], None)
    assert mx.abs(drawn[:, 4:] - cold).max() > 1e-3


@pytest.mark.parametrize("prompt", ["ink on paper", "", "word " * 99, "An OIL painting!"])
def test_nano_reads_the_same(nano_pair: Pair, prompt: str) -> None:
    np.testing.assert_allclose(nano_pair.mlx.text.read(prompt), nano_pair.torch.text.read(prompt).numpy(), atol=1e-6)


@pytest.mark.parametrize("by", [2, 4])
def test_folded_pixels_have_the_order_of_torch(by: int) -> None:
    x = torch.randn(2, 3, 5, 8, 12)
    folded = fold_pixels(channels_last(x), by)
    wanted = torch.nn.functional.pixel_unshuffle(x, by)
    assert np.array_equal(np.array(folded.moveaxis(-1, 2)), wanted.numpy())
    assert mx.array_equal(unfold_pixels(folded, by), channels_last(x))
