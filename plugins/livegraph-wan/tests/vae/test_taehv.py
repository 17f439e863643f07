"""TAEHV against vectors that the public one made."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from livegraph_wan.vae.scale import MEAN, STD

GOLDEN = load_file(Path(__file__).parent / "golden" / "taehv.safetensors")


def test_encodes_as_the_public_one_does(taehv) -> None:
    latents, _ = taehv.encode(GOLDEN["frames"] * 2 - 1, None)
    torch.testing.assert_close(latents.transpose(1, 2), GOLDEN["encoded"], atol=1e-5, rtol=0)


def test_decodes_as_the_public_one_does(taehv) -> None:
    frames, _ = taehv.decode(GOLDEN["latents"].transpose(1, 2), None)
    assert frames.shape[1] == 9
    torch.testing.assert_close((frames + 1) / 2, GOLDEN["decoded"], atol=1e-5, rtol=0)


def test_a_checkpoint_of_raw_latents_gets_raw_latents(taehv) -> None:
    clip = GOLDEN["frames"] * 2 - 1
    normalised, _ = taehv.encode(clip, None)
    taehv.source = "raw"
    mean, std = (torch.tensor(values).view(1, -1, 1, 1, 1) for values in (MEAN, STD))
    torch.testing.assert_close(taehv.encode(clip, None)[0], normalised * std + mean)


def test_names_are_those_of_the_checkpoint(taehv) -> None:
    weights = taehv.state_dict()
    assert sum(weight.numel() for weight in weights.values()) == 11_315_539
    assert weights["encoder.0.weight"].shape == (64, 3, 3, 3)
    assert weights["encoder.2.conv.weight"].shape == (64, 128, 1, 1)
    assert weights["encoder.3.weight"].shape == (64, 64, 3, 3)
    assert weights["encoder.4.conv.0.weight"].shape == (64, 128, 3, 3)
    assert weights["encoder.12.conv.weight"].shape == (64, 64, 1, 1)
    assert weights["encoder.17.bias"].shape == (16,)
    assert weights["decoder.1.weight"].shape == (256, 16, 3, 3)
    assert weights["decoder.3.conv.4.bias"].shape == (256,)
    assert weights["decoder.7.conv.weight"].shape == (256, 256, 1, 1)
    assert weights["decoder.13.conv.weight"].shape == (256, 128, 1, 1)
    assert weights["decoder.19.conv.weight"].shape == (128, 64, 1, 1)
    assert weights["decoder.20.weight"].shape == (64, 64, 3, 3)
    assert weights["decoder.22.weight"].shape == (3, 64, 3, 3)


def test_what_a_chunk_costs(taehv) -> None:
    assert taehv.flops(480, 832) == pytest.approx((0.24e12, 0.53e12), rel=2e-2)
