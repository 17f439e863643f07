"""The nano VAE: stream equals batch, and what it starts from."""

import torch

from livegraph_wan.nano.vae import NanoVAE, fold, unfold


def frames(count: int) -> torch.Tensor:
    return torch.rand(1, count, 3, 32, 48, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_streaming_equals_batch(untrained) -> None:
    vae, clip = untrained.vae, frames(16)
    whole, _ = vae.encode(clip, None)
    drawn, _ = vae.decode(whole, None)
    encoder = decoder = None
    latents, pictures = [], []
    for part in clip.split(4, 1):
        latent, encoder = vae.encode(part, encoder)
        picture, decoder = vae.decode(latent, decoder)
        latents.append(latent)
        pictures.append(picture)
    assert whole.shape == (1, 16, 4, 4, 6)
    torch.testing.assert_close(torch.cat(latents, 2), whole, atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.cat(pictures, 1), drawn, atol=1e-5, rtol=0)


def test_the_past_matters_both_ways(untrained) -> None:
    vae, clip = untrained.vae, frames(8)
    whole, _ = vae.encode(clip, None)
    alone, _ = vae.encode(clip[:, 4:], None)
    assert (whole[:, :, 1:] - alone).abs().max() > 1e-3
    drawn, _ = vae.decode(whole, None)
    cold, _ = vae.decode(whole[:, :, 1:], None)
    assert (drawn[:, 4:] - cold).abs().max() > 1e-3


def test_the_future_does_not(untrained) -> None:
    vae, clip = untrained.vae, frames(8)
    changed = clip.clone()
    changed[:, 4:] = 0
    torch.testing.assert_close(vae.encode(clip, None)[0][:, :, 0], vae.encode(changed, None)[0][:, :, 0])


def test_untrained_it_is_the_principal_components() -> None:
    """Frames made of 16 blocks only come back exactly."""
    generator = torch.Generator().manual_seed(2)
    basis = torch.randn(16, 768, generator=generator)
    blocks = torch.randn(4096, 16, generator=generator) @ basis + 0.3
    vae = NanoVAE.from_blocks(blocks)
    clip = unfold((torch.randn(4 * 6, 16, generator=generator) @ basis + 0.3).T.reshape(1, 768, 4, 6), 1)
    back, _ = vae.decode(vae.encode(clip, None)[0], None)
    torch.testing.assert_close(back, clip, atol=2e-3, rtol=0)


def test_unfold_undoes_fold() -> None:
    clip = frames(8)
    assert fold(clip).shape == (2, 768, 4, 6)
    assert unfold(fold(clip), 1).equal(clip)
