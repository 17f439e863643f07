"""The MLX VAEs against torch's, and streams against one call."""

import mlx.core as mx
import numpy as np
import pytest
import torch

from livegraph_wan.mlx.convert import from_torch, load
from livegraph_wan.mlx.layers import fold_pixels, unfold_pixels
from livegraph_wan.mlx.taehv import TAEHV
from livegraph_wan.vae.taehv import TAEHV as TorchTAEHV

from .conftest import Pair, assert_close, assert_same_both_ways, channels_last, frames, last


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


@pytest.fixture(scope="module")
def taehv() -> tuple[TorchTAEHV, TAEHV]:
    """With random weights under which signals stay as loud as they are."""
    theirs, ours = TorchTAEHV().eval(), TAEHV()
    generator = torch.Generator().manual_seed(7)
    for weight in theirs.state_dict().values():
        weight.copy_(torch.randn(weight.shape, generator=generator) * 0.9 / weight[0].numel() ** 0.5)
    load(ours, from_torch(theirs.state_dict().items()))
    return theirs, ours


@pytest.mark.parametrize("source", ["normalised", "raw"])
def test_taehv_agrees_with_torch_both_ways(taehv, source: str) -> None:
    (theirs, ours), clip = taehv, frames(8, 16, 24)
    theirs.source = ours.source = source
    assert_same_both_ways(theirs, ours, clip, (1, 5, 16, 24, 3), spread=0.1)


def test_taehv_streams_as_it_does_at_once(taehv) -> None:
    vae, clip = taehv[1], channels_last(frames(12, 16, 24))
    vae.source = "normalised"
    whole, _ = vae.encode(clip, None)
    drawn, _ = vae.decode(whole, None)
    encoder = decoder = None
    latents, pictures = [], []
    for at in range(0, 12, 4):
        latent, encoder = vae.encode(clip[:, at : at + 4], encoder)
        picture, decoder = vae.decode(latent, decoder)
        latents.append(latent)
        pictures.append(picture)
    assert [picture.shape[1] for picture in pictures] == [1, 4, 4]
    np.testing.assert_allclose(np.array(mx.concatenate(latents, 1)), np.array(whole), atol=1e-5)
    np.testing.assert_allclose(np.array(mx.concatenate(pictures, 1)), np.array(drawn), atol=1e-5)
    cold, _ = vae.decode(whole[:, 1:], None)
    assert mx.abs(drawn[:, 4:] - cold).max() > 1e-3


def test_frames_that_are_not_whole_fours_are_refused(taehv, nano_pair: Pair) -> None:
    for vae in (taehv[1], nano_pair.mlx.vae):
        with pytest.raises(ValueError, match="6 frames: a stream begins with 4"):
            vae.encode(mx.zeros((1, 6, 32, 48, 3)), None)
