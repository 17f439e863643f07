"""Training sees what the stream will see, and is charged for what an eye would."""

import pytest
import torch
from torch import Generator, Tensor

from livegraph_wan.attention import DenseMemory, RollingCache, block_causal_mask
from livegraph_wan.denoise import windows_of
from livegraph_wan.grid import PATCH
from livegraph_wan.model import WanTransformer
from livegraph_wan.nano import losses
from livegraph_wan.nano.examples import Batch, Example, encode_clip
from livegraph_wan.nano.losses import (
    MOST,
    SECOND_SIGMA,
    channel_weights,
    gain,
    latent_loss,
    pixel_loss,
    predict,
    rollout,
    second_step,
)
from livegraph_wan.nano.model import NanoWan
from livegraph_wan.nano.preconditioning import precondition
from livegraph_wan.nano.scenes import make_clip
from livegraph_wan.nano.text import tokenize
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.profile import WAN_NANO
from livegraph_wan.rope import RopeTable

# Under autocast on a CPU an RMSNorm is not fused, and says so once.
pytestmark = pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")
CELLS = 8


@pytest.fixture
def examples(untrained: NanoWan) -> list[Example]:
    rng = Generator().manual_seed(1)
    return [encode_clip(untrained.vae, make_clip(rng, 24, 8 * CELLS), ["sepia", "trails"]) for _ in range(2)]


@pytest.fixture
def batch(examples: list[Example]) -> Batch:
    """Two clips of six latents at their first step; the second is to be stepped again."""
    source, target = (
        torch.stack([look.latents for look in looks]).float()
        for looks in ([e.source for e in examples], [e.styled["sepia"] for e in examples])
    )
    noise = torch.randn(target.shape, generator=Generator().manual_seed(2))
    return Batch(
        x=0.8 * noise + 0.2 * source,
        source=source,
        target=target,
        timesteps=torch.full((2, 6), 800.0),
        tokens=tokenize("an old photograph").expand(2, -1, -1),
        pairs=[(e.source.pixels, e.styled["sepia"].pixels) for e in examples],
        heed=torch.ones(2, 6, CELLS, CELLS),
        blend=torch.tensor([1.0, 0.5]),
        again=torch.tensor([1]),
    )


def streamed(model: NanoWan, batch: Batch) -> Tensor:
    """The velocities of a batch frame by frame, by the cache that a stream uses."""
    config, side = model.transformer.config, CELLS // PATCH
    cache = RollingCache(
        RopeTable(config.head_dim, side, side, batch.x.device),
        windows_of(WAN_NANO, 2),
        layers=config.num_layers,
        tokens=side * side,
        heads=config.num_heads,
        head_dim=config.head_dim,
        device=batch.x.device,
        dtype=torch.float32,
    )
    prompt, made = model.transformer.read_prompt(model.text(batch.tokens)), []
    for frame in range(6):
        cache.begin_block()
        at = (slice(None), slice(None), slice(frame, frame + 1))
        times = batch.timesteps[:, frame : frame + 1]
        made.append(model.velocity(batch.x[at], batch.source[at], times, prompt, cache))
    return torch.cat(made, 2)


def test_a_clip_in_one_pass_is_what_a_stream_sees_frame_by_frame(untrained: NanoWan, batch: Batch) -> None:
    torch.testing.assert_close(predict(untrained, batch), streamed(untrained, batch), atol=1e-4, rtol=1e-4)


def test_the_cache_reaches_further_than_its_window(untrained: NanoWan, batch: Batch) -> None:
    """Through the layers: the last frame knows of the first, though six frames are two windows."""
    other = batch.source.clone()
    other[:, :, 0] = 0
    change = (predict(untrained, batch) - predict(untrained, batch._replace(source=other))).abs().amax((0, 1, 3, 4))
    assert WAN_NANO.window < 6
    assert change[5] > 1e-6


def test_beyond_the_layers_reach_nothing_is_left(transformer: WanTransformer, rope: RopeTable) -> None:
    """Why a stream cannot drift: two layers that look back two frames each know of four frames, and no more."""
    frames, window = 8, 3
    tokens = 12
    x = torch.randn(1, 4, frames, 8, 6, generator=Generator().manual_seed(1))
    memory = DenseMemory(rope, frames, block_causal_mask(frames, 1, tokens, window))
    prompt = transformer.read_prompt(torch.zeros(1, 1, 16))

    def last(latents: Tensor) -> Tensor:
        return transformer(latents, torch.full((1, frames), 800.0), prompt, memory)[:, :, -1]

    for frame, matters in ((2, False), (3, True)):
        other = x.clone()
        other[:, :, : frame + 1] = 0
        assert bool((last(other) - last(x)).abs().max() > 1e-6) == matters


def test_a_second_step_starts_from_the_models_own_first(untrained: NanoWan, batch: Batch) -> None:
    seen = [rollout(untrained, Generator().manual_seed(seed), batch) for seed in range(12)]
    for again in seen:
        assert again.x[0].equal(batch.x[0])
        assert again.timesteps[0].equal(batch.timesteps[0])
        sigma = again.timesteps[1] / 1000
        assert sigma.eq(sigma[0]).all()
        assert SECOND_SIGMA[0] - 1e-6 <= sigma[0] <= SECOND_SIGMA[1] + 1e-6
        assert not again.x[1].isclose(batch.x[1]).all(0).any()
    assert len({float(again.timesteps[1, 0]) for again in seen}) == 12


def test_a_second_steps_errors_count_by_what_the_first_one_left(
    untrained: NanoWan, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rollout(untrained, Generator().manual_seed(1), batch).heed.equal(batch.heed)  # of one there is no other
    both = batch._replace(again=torch.tensor([0, 1]))
    error = torch.tensor([1.0, 3.0]).sqrt().view(-1, 1, 1, 1, 1)
    monkeypatch.setattr(losses, "clean_of", lambda model, chosen: chosen.target + error)
    heed = rollout(untrained, Generator().manual_seed(1), both).heed
    torch.testing.assert_close(heed / both.heed, torch.tensor([2.0, 2 / 3]).view(-1, 1, 1, 1).expand_as(heed))
    monkeypatch.setattr(losses, "clean_of", lambda model, chosen: chosen.target + error**8)
    heed = rollout(untrained, Generator().manual_seed(1), both).heed
    assert (heed / both.heed).amax() == MOST


def test_a_second_step_carries_the_first_ones_result(
    untrained: NanoWan, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "SECOND_SIGMA", (1e-6, 1e-6))
    monkeypatch.setattr(losses, "clean_of", lambda model, chosen: torch.full_like(chosen.x, 7))
    again = rollout(untrained, Generator().manual_seed(1), batch)
    done = again.timesteps[1] < 1
    torch.testing.assert_close(again.x[1, :, done], torch.full_like(again.x[1, :, done], 7), atol=1e-4, rtol=0)


def decoding(vae: NanoVAE, pixels: Tensor) -> NanoVAE:
    """A VAE whose decoder draws `pixels` `[B, T, 3, H, W]`, cropped as asked for by their place in the latents."""

    def decode(latents: Tensor, state: None) -> tuple[Tensor, None]:
        y, x = (8 * int(latents[0, axis, 0, 0, 0]) for axis in (0, 1))
        side = 8 * latents.shape[-1]
        return pixels[..., y : y + side, x : x + side], None

    vae.decode = decode
    return vae


@pytest.fixture
def places() -> Tensor:
    """Latents that say where they are."""
    axis = torch.arange(CELLS).float()
    z = torch.zeros(2, 16, 6, CELLS, CELLS)
    z[:, 0], z[:, 1] = axis[:, None], axis
    return z


def wanted(batch: Batch) -> Tensor:
    return losses.wanted_pixels(batch, 0, 0, CELLS)


def test_pixels_as_wanted_cost_nothing_and_blends_are_wanted(batch: Batch, places: Tensor) -> None:
    (_, first), (source, styled) = batch.pairs
    torch.testing.assert_close(wanted(batch)[0], first / 127.5 - 1)
    torch.testing.assert_close(wanted(batch)[1], (source.float() + styled) / 255 - 1)
    for seed in range(6):
        vae = decoding(NanoVAE(), wanted(batch))
        assert pixel_loss(vae, Generator().manual_seed(seed), places, batch) < 1e-9


def cost(batch: Batch, places: Tensor, error: Tensor) -> float:
    return float(pixel_loss(decoding(NanoVAE(), wanted(batch) + error), Generator().manual_seed(1), places, batch))


def test_change_costs_more_than_an_error_that_stays_and_most_at_a_border(batch: Batch, places: Tensor) -> None:
    flat = torch.full((2, 24, 3, 64, 64), 0.1)
    at = torch.arange(24).view(1, -1, 1, 1, 1)
    within = torch.where(at < 10, flat, -flat)
    across = torch.where(at < 12, flat, -flat)
    assert cost(batch, places, flat) == pytest.approx(0.01 * float(gain(batch.timesteps[0, 0])), rel=1e-3)
    assert cost(batch, places, flat) < cost(batch, places, within) < cost(batch, places, across)


def test_what_is_no_longer_there_costs_more(batch: Batch, places: Tensor) -> None:
    flat, zero = torch.full((2, 24, 3, 64, 64), 0.1), torch.zeros(2, 16, 6, CELLS, CELLS)
    heeded = batch._replace(heed=torch.full_like(batch.heed, 3))
    plain = cost(batch, places, flat)
    assert cost(heeded, places, flat) == pytest.approx(3 * plain, rel=1e-3)
    weights = torch.ones(1, 16, 1, 1, 1)
    once = latent_loss(zero, batch, weights)
    torch.testing.assert_close(latent_loss(zero, heeded, weights), 3 * once)
    torch.testing.assert_close(latent_loss(batch.target, heeded, weights), torch.tensor(0.0))


def test_every_step_moves_the_network_alike(untrained: NanoWan, batch: Batch) -> None:
    """What a nudge of the network's output does to the loss: late on the path it would be next to nothing."""
    sigma = torch.tensor([0.02, 0.3, 0.8, 1])
    by = precondition(sigma)
    nudged = by.velocity(torch.zeros(4), torch.ones(4), sigma)
    torch.testing.assert_close(gain(1000 * sigma) * (-sigma * nudged), torch.ones(4))


def test_a_second_step_is_on_the_path_to_what_the_first_gave(batch: Batch) -> None:
    clean = torch.full_like(batch.x, 5)
    again = second_step(batch, clean, 150)
    noise = (again.x - 0.85 * clean) / 0.15
    assert noise.std() == pytest.approx(1, abs=0.03)
    assert noise.mean() == pytest.approx(0, abs=0.05)
    assert again.timesteps.eq(150).all()
    assert again.source is batch.source


def test_weak_channels_weigh_less(untrained: NanoWan, batch: Batch, examples: list[Example]) -> None:
    untrained.vae.std.copy_(torch.linspace(0.1, 2, 16))
    weights = channel_weights(untrained.vae, examples)
    assert weights.mean() == pytest.approx(1)
    assert weights.flatten()[:4].max() < weights.flatten()[12:].min()
    error = torch.zeros(2, 16, 6, CELLS, CELLS)
    error[:, 15] = 1
    assert latent_loss(batch.target + error, batch, weights) > 1 / 16
