"""What a training step is given."""

import random

import pytest
import torch
from torch import Generator

from livegraph_wan.nano import examples
from livegraph_wan.nano.afterimages import MEMORY_STYLES
from livegraph_wan.nano.clips import KINDS, NamedClip, pick_kind, stream_clips
from livegraph_wan.nano.examples import (
    FULL_STRENGTH,
    MEMORY_HEED,
    Example,
    encode_clip,
    fill_pools,
    make_batch,
    renew,
    some_styles,
)
from livegraph_wan.nano.model import NanoWan
from livegraph_wan.nano.scenes import make_clip
from livegraph_wan.nano.styles import STYLES


@pytest.fixture
def made(untrained: NanoWan) -> list[Example]:
    return [encode_clip(untrained.vae, make_clip(Generator().manual_seed(1), 12, 32), ["ink", "gold"])]


def batch_of(way: str, made: list[Example], monkeypatch: pytest.MonkeyPatch) -> examples.Batch:
    monkeypatch.setattr(examples, "WAYS", {way: 1.0})
    torch.manual_seed(1)
    return make_batch(Generator().manual_seed(1), random.Random(1), made, 40)


@pytest.mark.parametrize(("way", "sigma"), [("default", FULL_STRENGTH), ("noise", 1.0)])
def test_at_full_strength_the_style_is_wanted_whole(way: str, sigma: float, made, monkeypatch) -> None:
    batch = batch_of(way, made, monkeypatch)
    assert (batch.timesteps == 1000 * sigma).all()
    assert (batch.blend == 1).all()
    styled = [made[0].styled[name].latents.float() for name in ("ink", "gold")]
    for target in batch.target:
        assert any(torch.allclose(target, wanted, atol=1e-5) for wanted in styled)
    noise = (batch.x - (1 - sigma) * batch.source) / sigma
    assert noise.std() == pytest.approx(1, abs=0.02)


def test_below_it_a_blend_is_wanted_that_grows_with_strength(made, monkeypatch) -> None:
    batch = batch_of("strength", made, monkeypatch)
    sigma = batch.timesteps[:, 0] / 1000
    assert sigma.min() < 0.3 < 0.9 < sigma.max()
    torch.testing.assert_close(batch.blend, (sigma / FULL_STRENGTH).clamp(max=1))
    away = (batch.target - batch.source).square().mean((1, 2, 3, 4))
    assert away[sigma.argmin()] < away[sigma.argmax()]
    assert batch.timesteps.eq(batch.timesteps[:, :1]).all()
    assert not len(batch.again)


def test_every_frame_of_a_noisy_target_has_its_own_sigma(made, monkeypatch) -> None:
    batch = batch_of("target", made, monkeypatch)
    assert batch.timesteps.std(dim=1).min() > 1
    s = batch.timesteps[:, None, :, None, None] / 1000
    noise = (batch.x - (1 - s) * batch.target) / s
    assert noise.std() == pytest.approx(1, abs=0.02)


def test_what_a_style_shows_of_the_past_is_heeded(untrained: NanoWan) -> None:
    clip = torch.zeros(48, 32, 32, 3, dtype=torch.uint8)
    clip[:4, :8, :16] = 255
    styled = encode_clip(untrained.vae, clip, ["trails", "sepia"]).styled
    heed = styled["trails"].heed
    assert heed.shape == (12, 4, 4)
    assert (heed[0] == 1).all()  # the light itself
    assert (heed[1, 0, :2] > 1 + 0.9 * MEMORY_HEED).all()
    assert (heed[1, 1:] == 1).all()
    assert 1 < heed[11, 0, 0] < heed[1, 0, 0]
    assert (styled["sepia"].heed == 1).all()


def test_rollouts_are_marked(made, monkeypatch) -> None:
    assert batch_of("rollout", made, monkeypatch).again.tolist() == list(range(40))


def test_long_clips_show_the_styles_that_remember_and_only_they(untrained: NanoWan) -> None:
    rng = Generator().manual_seed(1)
    for kind, wanted in KINDS.items():
        for _ in range(20):
            chosen = some_styles(rng, kind)
            assert len(chosen) == len(set(chosen)) == 3
            assert set(chosen) <= set(STYLES)
            assert (set(MEMORY_STYLES) <= set(chosen)) == wanted.remembers
            assert bool(set(MEMORY_STYLES) & set(chosen)) == wanted.remembers


def test_kinds_come_in_their_shares() -> None:
    shares = [kind.share for kind in KINDS.values()]
    assert sum(shares) == pytest.approx(1)
    assert sum(kind.steps for kind in KINDS.values()) == pytest.approx(1)
    draws = [pick_kind((i + 0.5) / 1000, shares) for i in range(1000)]
    assert [draws.count(name) / 1000 for name in KINDS] == pytest.approx(shares)
    assert pick_kind(1.0, shares) == list(KINDS)[-1]


def test_clips_follow_the_seed_and_their_kind() -> None:
    first, again, other = (next(stream_clips(seed, torch.device("cpu"))) for seed in (1, 1, 2))
    assert first.frames.equal(again.frames)
    assert first.kind != other.kind or not first.frames.equal(other.frames)
    kind = KINDS[first.kind]
    assert first.frames.shape == (4 * kind.latents, kind.size, kind.size, 3)


def test_pools_are_filled_and_renewed(untrained: NanoWan) -> None:
    rng = Generator().manual_seed(1)

    def clips():
        while True:
            for name, kind in KINDS.items():
                yield NamedClip(name, make_clip(rng, 4 * kind.latents, 32))

    stream = clips()
    pools = fill_pools(rng, untrained.vae, stream, 8)
    assert {name: len(pool) for name, pool in pools.items()} == {"small": 4, "large": 1, "long": 2}
    before = {name: list(pool) for name, pool in pools.items()}
    renew(rng, untrained.vae, stream, pools, 8)
    assert [len(pool) for pool in pools.values()] == [4, 1, 2]
    changed = [name for name in pools if any(a is not b for a, b in zip(pools[name], before[name], strict=True))]
    assert len(changed) == 1
    renew(rng, untrained.vae, stream, pools, 100)
    assert sum(len(pool) for pool in pools.values()) == 8
    assert pools["long"][0].source.latents.shape == (16, 8, 4, 4)
    assert pools["long"][0].source.pixels.shape == (32, 3, 32, 32)
