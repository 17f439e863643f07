"""What the formulas say of a VAE against what torch takes."""

import pytest
import torch
from held_support import Held

from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.vae.architecture import VAEArchitecture
from livegraph_wan.vae.base import State, StreamingVAE, channels_last
from livegraph_wan.vae.memory import NUMBERS, VaeMemory, of_taehv, of_wan, vae_memory
from livegraph_wan.vae.taehv import TAEHV
from livegraph_wan.vae.wan import WanVAE


def taken(vae: StreamingVAE, size: tuple[int, int], dtype: torch.dtype, latents: int) -> VaeMemory:
    """Both ways in the middle of a stream, really run."""
    width, height = size
    first, more = vae.rhythm.first_taken, 4 * latents
    _, encoder = vae.encode(torch.rand(1, first, 3, height, width, dtype=dtype), None)
    pictures = torch.rand(1, more, 3, height, width, dtype=dtype)
    with Held() as encoding:
        made, encoder = vae.encode(pictures, encoder)
    _, decoder = vae.decode(made, None)
    with Held() as decoding:
        _, decoder = vae.decode(made, decoder)
    assert isinstance(vae, torch.nn.Module)
    weights = sum(weight.nbytes for weight in vae.parameters())
    return VaeMemory(weights, held(encoder) + held(decoder), encoding.peak, decoding.peak)


def held(state: State) -> int:
    return sum(tensor.untyped_storage().nbytes() for tensor in state)


@pytest.mark.parametrize("latents", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("size", [(64, 48), (128, 96)])
@pytest.mark.parametrize("name", ["nano", "taehv"])
def test_the_small_vaes_take_what_the_formulas_say(
    name: str, size: tuple[int, int], dtype: torch.dtype, latents: int
) -> None:
    vae = (NanoVAE() if name == "nano" else channels_last(TAEHV())).to(dtype).eval()
    assert taken(vae, size, dtype, latents) == vae_memory(name, size, dtype.itemsize, latents)


@pytest.mark.parametrize("latents", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("config", [VAEArchitecture(base_dim=8), VAEArchitecture(base_dim=24)])
def test_wans_vae_takes_what_the_formulas_say(config: VAEArchitecture, dtype: torch.dtype, latents: int) -> None:
    size, vae = (64, 48), channels_last(WanVAE(config).to(dtype).eval())
    weights, *per_pixel = of_wan(latents, config)
    pixels = size[0] * size[1] * dtype.itemsize
    assert taken(vae, size, dtype, latents) == (weights * dtype.itemsize, *(numbers * pixels for numbers in per_pixel))


def test_the_published_vaes_have_their_published_sizes() -> None:
    """127 million weights (Wan 2.1, section 4.1), 11 million (taew2_1.pth, 22.6 MB in fp16)."""
    assert of_wan().weights == pytest.approx(127e6, rel=0.01)
    assert 2 * of_taehv().weights == pytest.approx(22.6e6, rel=0.01)
    with torch.device("meta"):
        assert of_wan().weights == sum(weight.numel() for weight in WanVAE().parameters())


def test_taehv_takes_a_fraction_of_what_wans_vae_takes() -> None:
    """Of what is kept a twenty-fifth; a call's most is nearer."""
    wan, taehv = (vae_memory(name, (832, 480), 2) for name in ("wan", "taehv"))
    assert wan.state / taehv.state > 20
    assert wan.decode / taehv.encode > 4
    assert NUMBERS.keys() == {"nano", "taehv", "wan"}
