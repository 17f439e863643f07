"""The Wan VAE against diffusers' and against what is published of it."""

import pytest
import torch
from diffusers import AutoencoderKLWan

from livegraph_wan.vae.names import from_diffusers, to_diffusers
from livegraph_wan.vae.scale import MEAN, STD
from livegraph_wan.vae.wan import WanVAE

MEANS, STDS = (torch.tensor(values).view(1, -1, 1, 1, 1) for values in (MEAN, STD))
CLIP = torch.rand(1, 13, 3, 32, 48, generator=torch.Generator().manual_seed(6)) * 2 - 1


@pytest.fixture
def theirs(wan: WanVAE) -> AutoencoderKLWan:
    """diffusers' VAE with the weights of `wan`."""
    model = AutoencoderKLWan(base_dim=8).eval()
    model.load_state_dict(to_diffusers(wan.state_dict()))
    return model


@pytest.fixture(scope="module")
def full_size() -> WanVAE:
    with torch.device("meta"):
        return WanVAE()


def test_encodes_as_diffusers_does(wan, theirs) -> None:
    expected = theirs.encode(CLIP.transpose(1, 2)).latent_dist.mode()
    latents, _ = wan.encode(CLIP, None)
    assert expected.std() > 0.05
    torch.testing.assert_close(latents, (expected - MEANS) / STDS, atol=1e-5, rtol=0)
    wan.source = "raw"
    torch.testing.assert_close(wan.encode(CLIP, None)[0], expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("source", ["normalised", "raw"])
def test_decodes_as_diffusers_does(wan, theirs, source) -> None:
    """Whatever the encoder gives, the decoder takes normalised latents."""
    wan.source = source
    latents = torch.randn(1, 16, 4, 4, 6, generator=torch.Generator().manual_seed(7)) / 4
    expected = theirs.decode(latents * STDS + MEANS).sample.transpose(1, 2)
    frames, _ = wan.decode(latents, None)
    assert 0.05 < expected.std() < 0.6
    torch.testing.assert_close(frames.clamp(-1, 1), expected, atol=1e-5, rtol=0)


def test_the_scale_is_the_published_one() -> None:
    with torch.device("meta"):
        config = AutoencoderKLWan().config
    assert tuple(config.latents_mean) == MEAN
    assert tuple(config.latents_std) == STD


def test_every_name_and_shape_is_in_both_layouts(full_size) -> None:
    with torch.device("meta"):
        theirs = {name: weight.shape for name, weight in AutoencoderKLWan().state_dict().items()}
    ours = {name: weight.shape for name, weight in full_size.state_dict().items()}
    assert to_diffusers(ours) == theirs
    assert from_diffusers(theirs) == ours


def test_names_are_those_of_the_original_checkpoint(full_size) -> None:
    """Some of every kind, from `wan/modules/vae.py`; there are 126,892,531 parameters."""
    weights = full_size.state_dict()
    assert sum(weight.numel() for weight in weights.values()) == 126_892_531
    assert weights["encoder.conv1.weight"].shape == (96, 3, 3, 3, 3)
    assert weights["encoder.downsamples.0.residual.0.gamma"].shape == (96, 1, 1, 1)
    assert weights["encoder.downsamples.3.shortcut.weight"].shape == (192, 96, 1, 1, 1)
    assert weights["encoder.downsamples.2.resample.1.weight"].shape == (96, 96, 3, 3)
    assert weights["encoder.downsamples.5.time_conv.weight"].shape == (192, 192, 3, 1, 1)
    assert weights["encoder.middle.1.norm.gamma"].shape == (384, 1, 1)
    assert weights["encoder.middle.1.to_qkv.weight"].shape == (1152, 384, 1, 1)
    assert weights["encoder.head.2.bias"].shape == (32,)
    assert weights["conv1.weight"].shape == (32, 32, 1, 1, 1)
    assert weights["conv2.weight"].shape == (16, 16, 1, 1, 1)
    assert weights["decoder.upsamples.3.time_conv.weight"].shape == (768, 384, 3, 1, 1)
    assert weights["decoder.upsamples.4.residual.2.weight"].shape == (384, 192, 3, 3, 3)
    assert weights["decoder.upsamples.11.resample.1.weight"].shape == (96, 192, 3, 3)
    assert weights["decoder.head.2.weight"].shape == (3, 96, 3, 3, 3)


def test_an_unknown_name_comes_through() -> None:
    assert from_diffusers({"encoder.extra.weight": 1}) == to_diffusers({"encoder.extra.weight": 1})
    assert "encoder.extra.weight" in from_diffusers({"encoder.extra.weight": 1})


def test_scale_is_there_even_when_built_without_weights(full_size) -> None:
    assert full_size.scale.mean.device.type == "cpu"
    assert full_size.scale.std.flatten().tolist() == pytest.approx(STD)


@pytest.mark.parametrize(
    ("size", "encode", "decode"), [((480, 832), 8.05e12, 13.55e12), ((512, 512), 5.27e12, 8.88e12)]
)
def test_what_a_chunk_costs(full_size, size, encode, decode) -> None:
    assert full_size.flops(*size) == pytest.approx((encode, decode), rel=2e-3)
