"""What stands in for MPS's own kernels gives what they should, where they can be trusted."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from livegraph_wan import mps
from livegraph_wan.mps import Conv3d, as_pictures, attend
from livegraph_wan.vae.architecture import VAEArchitecture
from livegraph_wan.vae.wan import WanVAE

KINDS = {
    "causal": Conv3d(4, 6, 3, padding=(0, 1, 1)),
    "over time": Conv3d(4, 8, (3, 1, 1)),
    "half the frames": Conv3d(4, 4, (3, 1, 1), stride=(2, 1, 1)),
    "cell by cell": Conv3d(4, 5, 1),
}


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tensor counts as one on Apple's GPU, and what is wrong there fails."""
    monkeypatch.setattr(mps, "on_mps", lambda x: True)
    monkeypatch.setattr(F, "conv3d", lambda *given, **how: pytest.fail("a convolution over three axes"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last_3d])
def test_a_convolution_over_time_is_one_over_pictures(kind: str, layout: torch.memory_format) -> None:
    conv, x = KINDS[kind], torch.randn(2, 4, 7, 5, 6).contiguous(memory_format=layout)
    torch.testing.assert_close(as_pictures(conv, x), conv(x), atol=1e-5, rtol=0)


def clips() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(1, 5, 3, 16, 16, generator=generator), torch.randn(1, 16, 2, 2, 2, generator=generator)


def run(vae: WanVAE) -> list[Tensor]:
    clip, latents = clips()
    return [vae.encode(clip, None)[0], vae.decode(latents, None)[0]]


def test_no_convolution_of_wans_vae_is_left_to_it(request: pytest.FixtureRequest) -> None:
    torch.manual_seed(2)
    vae = WanVAE(VAEArchitecture(base_dim=8)).eval()
    wanted = run(vae)
    request.getfixturevalue("pretended")
    for got, expected in zip(run(vae), wanted, strict=True):
        torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)


def test_attention_is_given_no_views(pretended: None, monkeypatch: pytest.MonkeyPatch) -> None:
    q, k, v = (torch.randn(2, 5, 3, 8).transpose(1, 2) for _ in range(3))
    wanted = F.scaled_dot_product_attention(q, k, v)
    real = F.scaled_dot_product_attention

    def checked(q: Tensor, k: Tensor, v: Tensor, **how: object) -> Tensor:
        assert all(part.is_contiguous() for part in (q, k, v))
        return real(q, k, v, **how)

    monkeypatch.setattr(F, "scaled_dot_product_attention", checked)
    torch.testing.assert_close(attend(q, k, v), wanted)


def test_the_transformer_attends_through_it(transformer, make_cache, request: pytest.FixtureRequest) -> None:
    """Within frames, to the past and to the prompt."""
    real, seen = F.scaled_dot_product_attention, []

    def checked(q: Tensor, k: Tensor, v: Tensor, **how: object) -> Tensor:
        seen.append(all(part.is_contiguous() for part in (q, k, v)))
        return real(q, k, v, **how)

    request.getfixturevalue("pretended")
    request.getfixturevalue("monkeypatch").setattr(F, "scaled_dot_product_attention", checked)
    cache = make_cache(3)
    cache.begin_block()
    prompt = transformer.read_prompt(torch.randn(1, 6, 16))
    transformer(torch.randn(1, 4, 1, 8, 6), torch.full((1, 1), 500.0), prompt, cache)
    assert seen == [True] * 4
