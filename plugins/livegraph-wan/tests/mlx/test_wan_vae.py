"""Wan's own VAE on MLX: torch's numbers, whole and in streams, from every file that torch reads."""

import mlx.core as mx
import numpy as np
import pytest
import torch
from mlx.utils import tree_flatten

from livegraph_wan.mlx.convert import from_torch, load
from livegraph_wan.mlx.layers import newest
from livegraph_wan.mlx.wan_vae import WanVAE
from livegraph_wan.vae.architecture import VAEArchitecture
from livegraph_wan.vae.wan import WanVAE as TorchWanVAE

from .conftest import assert_same_both_ways, channels_last, frames

SMALL = VAEArchitecture(base_dim=8)


@pytest.fixture(scope="module")
def both() -> tuple[TorchWanVAE, WanVAE]:
    """A narrow one with norms and biases at random too, so that none can be left out unseen."""
    torch.manual_seed(3)
    theirs, ours = TorchWanVAE(SMALL).eval(), WanVAE(SMALL)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    load(ours, from_torch(theirs.state_dict().items()))
    return theirs, ours


@pytest.mark.parametrize("source", ["normalised", "raw"])
def test_it_agrees_with_torch_both_ways(both, source: str) -> None:
    theirs, ours = both
    theirs.source = ours.source = source
    assert_same_both_ways(theirs, ours, frames(9), (1, 9, 32, 48, 3), spread=0.05)


@pytest.mark.parametrize("cuts", [(1, 5, 9, 13), (5, 13)])
@pytest.mark.parametrize("compiled", [False, True])
def test_a_stream_is_what_one_call_is(both, cuts: tuple[int, ...], compiled: bool) -> None:
    vae = both[1]
    vae.source = "normalised"
    encode, decode = (mx.compile(half) if compiled else half for half in (vae.encode, vae.decode))
    clip = channels_last(frames(13))
    whole, _ = vae.encode(clip, None)
    drawn, _ = vae.decode(whole, None)
    encoder = decoder = None
    latents, pictures = [], []
    for start, end in zip((0, *cuts), cuts, strict=False):
        latent, encoder = encode(clip[:, start:end], encoder)
        picture, decoder = decode(latent, decoder)
        latents.append(latent)
        pictures.append(picture)
    np.testing.assert_allclose(np.array(mx.concatenate(latents, 1)), np.array(whole), atol=1e-5)
    np.testing.assert_allclose(np.array(mx.concatenate(pictures, 1)), np.array(drawn), atol=1e-5)
    cold, _ = vae.decode(whole[:, 1:], None)
    assert mx.abs(drawn[:, 5:] - cold[:, 1:]).max() > 1e-3


def test_frames_that_make_no_whole_latents_are_refused(both) -> None:
    with pytest.raises(ValueError, match="4 frames: a stream begins with 1"):
        both[1].encode(mx.zeros((1, 4, 32, 48, 3)), None)


def test_it_has_the_weights_of_the_release() -> None:
    with torch.device("meta"):
        theirs = {name: value.shape for name, value in TorchWanVAE().state_dict().items()}
    ours = {}
    for name, value in tree_flatten(WanVAE().parameters()):
        ours[name] = value.moveaxis(-1, 1).shape if name.endswith("weight") else value.shape
    assert ours == theirs


def test_a_state_does_not_hold_the_frames_that_it_was_cut_from() -> None:
    frames = mx.random.normal((1, 6, 64, 64, 16))
    mx.eval(frames)
    before, size = mx.get_active_memory(), frames.nbytes
    kept = newest(frames, 2)
    mx.eval(kept)
    del frames
    assert kept.shape == (1, 2, 64, 64, 16)
    assert before - mx.get_active_memory() == pytest.approx(size * 4 / 6, rel=0.01)
