"""Blocks to clean latents: refresh, recompute, sink and stream batch, on a tiny transformer with random weights."""

from dataclasses import replace

import pytest
import torch

from livegraph_wan.backend import Pass
from livegraph_wan.denoise import Block, Steps, StepsApart, StreamBatch, clean_pass
from livegraph_wan.model import WanTransformer
from livegraph_wan.nano.text import NanoText
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.profile import Architecture, Profile
from livegraph_wan.sampler import clean_from, from_source, renoise
from livegraph_wan.stream import TorchBackend, TorchRunner
from livegraph_wan.wan import Wan

CPU = torch.device("cpu")
SIZE = (32, 48)
TINY = Architecture(dim=48, ffn_dim=96, num_layers=2, num_heads=2, text_dim=16, text_len=6, freq_dim=32)
PROFILE = Profile("tiny", TINY, (900, 600, 300), shift=3.0, frames_per_block=1, window=3, steps=2)


@pytest.fixture
def model() -> Wan:
    torch.manual_seed(5)
    return Wan(WanTransformer(TINY), NanoVAE(), NanoText()).eval()


@pytest.fixture
def prompt(model: Wan):
    return model.transformer.read_prompt(torch.randn(1, 4, 16))


def backend_of(model: Wan, profile: Profile = PROFILE) -> TorchBackend:
    return TorchBackend(model, profile, CPU, torch.float32)


def runner_of(model: Wan, profile: Profile = PROFILE) -> TorchRunner:
    return backend_of(model, profile).runner(SIZE, rows=1)


def blocks(count: int, profile: Profile = PROFILE, steps: int = 2) -> list[Block]:
    generator = torch.Generator().manual_seed(4)
    shape = (1, 16, profile.frames_per_block, SIZE[0] // 8, SIZE[1] // 8)
    return [
        Block(
            torch.randn(shape, generator=generator),
            torch.randn(4, *shape, generator=generator).unbind(),
            from_source(profile, 0.7 + 0.02 * number, steps),
        )
        for number in range(count)
    ]


def test_a_stream_batch_equals_as_many_sequential_runs_with_the_same_noise(model: Wan, prompt) -> None:
    """Each step has a cache of its own there; so it gets one here."""
    steps, given = 3, blocks(9, steps=3)
    runners = [runner_of(model) for _ in range(steps)]
    wanted = []
    for block in given:
        clean = block.source
        for step, runner in enumerate(runners):
            timestep, sigma = block.schedule.timesteps[step], block.schedule.sigmas[step]
            x = renoise(clean, block.noises[step], sigma if step else block.schedule.start)
            runner.begin_block()
            clean = clean_from(x, runner.velocity(Pass(x, None, (timestep,)), prompt), sigma)
        wanted.append(clean)
    batch = StreamBatch(backend_of(model), PROFILE, SIZE, steps)
    made = [batch.step(block, prompt) for block in [*given, None, None]]
    assert made[:2] == [None, None]
    torch.testing.assert_close(torch.cat(made[2:]), torch.cat(wanted), atol=1e-5, rtol=0)
    assert batch.step(None, prompt) is None


@pytest.fixture
def apart(model: Wan) -> StepsApart:
    return StepsApart(backend_of(model), PROFILE, SIZE)


def test_steps_apart_are_a_stream_batch_that_does_not_lag(model: Wan, apart: StepsApart, prompt) -> None:
    steps, given = 3, blocks(9, steps=3)
    batch = StreamBatch(backend_of(model), PROFILE, SIZE, steps)
    wanted = [batch.step(block, prompt) for block in [*given, None, None]][2:]
    made = [apart.step(block, prompt) for block in given]
    torch.testing.assert_close(torch.cat(made), torch.cat(wanted), atol=1e-5, rtol=0)
    assert apart.step(None, prompt) is None


def test_a_first_step_does_not_know_whether_others_follow(model: Wan, apart: StepsApart, prompt) -> None:
    other = StepsApart(backend_of(model), PROFILE, SIZE)
    for once, thrice in zip(blocks(5, steps=1), blocks(5, steps=3), strict=True):
        first = apart.step(once, prompt)
        other.step(thrice, prompt)
    torch.testing.assert_close(apart._pasts[0].passes[-1].x, other._pasts[0].passes[-1].x, atol=0, rtol=0)
    again = [denoiser.step(blocks(6, steps=1)[5], prompt) for denoiser in (apart, other)]
    torch.testing.assert_close(*again, atol=1e-6, rtol=0)
    assert not torch.equal(again[0], first)


def test_a_step_that_was_left_out_begins_anew(model: Wan, apart: StepsApart, prompt) -> None:
    once, twice = blocks(6, steps=1), blocks(6, steps=2)
    for block in (*twice[:3], once[3], twice[4]):
        last = apart.step(block, prompt)
    assert [window.started for window in apart.runner.windows] == [5, 1, 0]
    never = StepsApart(backend_of(model), PROFILE, SIZE)
    for block in (*once[:4], twice[4]):
        wanted = never.step(block, prompt)
    torch.testing.assert_close(last, wanted, atol=1e-6, rtol=0)


def test_every_pasts_prompt_is_changed(apart: StepsApart, model: Wan, prompt) -> None:
    for block in blocks(4, steps=2):
        apart.step(block, prompt)
    other = model.transformer.read_prompt(torch.randn(1, 4, 16))
    before = apart.runner.cache._keys.clone()
    apart.recache(other)
    moved = (apart.runner.cache._keys - before).abs().amax((0, 2, 3, 4))
    assert (moved[:2] > 1e-3).all()
    assert not moved[2:].any()


def test_a_weak_strength_fills_its_steps_up(model: Wan, prompt) -> None:
    batch = StreamBatch(backend_of(model), PROFILE, SIZE, 3)
    weak = [block._replace(schedule=from_source(PROFILE, 0.2, 3)) for block in blocks(4)]
    assert weak[0].schedule.timesteps == (200,)
    made = [batch.step(block, prompt) for block in weak]
    assert made[2].isfinite().all()


def steps_of(model: Wan, profile: Profile) -> Steps:
    return Steps(backend_of(model, profile), profile, SIZE)


def test_clean_refresh_stores_what_clean_latents_give(model: Wan, prompt) -> None:
    refreshed = steps_of(model, replace(PROFILE, clean_refresh=True))
    plain = steps_of(model, PROFILE)
    for block in blocks(5):
        clean = refreshed.step(block, prompt)
        plain.step(block, prompt)
    fresh = runner_of(model)
    for kept in refreshed.past.passes:
        fresh.begin_block()
        assert kept.timesteps == (0,)
        fresh.velocity(kept, prompt)
    torch.testing.assert_close(kept.x, clean)
    newest = slice(refreshed.runner.windows[0].slots()[-1] * 6, None)
    layer = 0  # deeper ones also depend on what had left the window by now
    torch.testing.assert_close(
        refreshed.runner.cache._keys[layer, 0, newest][:6], fresh.cache._keys[layer, 0, 12:18], atol=1e-5, rtol=0
    )
    assert (refreshed.runner.cache._keys - plain.runner.cache._keys).abs().max() > 1e-3


def test_recomputed_memory_depends_on_the_window_alone(model: Wan, prompt) -> None:
    """With recompute every block sees a cache made from the clean latents that are kept, and nothing older."""
    profile = replace(PROFILE, recompute=True)
    denoiser, given = steps_of(model, profile), blocks(7)
    cleans = [denoiser.step(block, prompt) for block in given]
    short = steps_of(model, profile)
    for clean in cleans[3:6]:
        short.remember(clean, prompt)
    torch.testing.assert_close(short.step(given[6], prompt), cleans[6], atol=1e-5, rtol=0)


def test_a_sink_frame_unlike_the_present_gives_way(model: Wan, prompt) -> None:
    profile = replace(PROFILE, window=4, sink=2, sink_threshold=2.0)  # no cosine reaches it: one always gives way
    adaptive, fixed = steps_of(model, profile), steps_of(model, replace(profile, sink_threshold=None))
    given = blocks(8, steps=1)
    same = [torch.equal(adaptive.step(block, prompt), fixed.step(block, prompt)) for block in given]
    assert same == [True] * 4 + [False] * 4
    inputs = [renoise(block.source, block.noises[0], block.schedule.start) for block in given]

    def seen(denoiser: Steps, slot: int) -> int:
        return next(n for n, x in enumerate(inputs) if torch.equal(x, denoiser.past._passes[slot].x))

    assert [seen(fixed, slot) for slot in (0, 1)] == [0, 1]
    assert max(seen(adaptive, slot) for slot in (0, 1)) == 6, "the last block but one has moved into the sink"
    assert len({seen(adaptive, slot) for slot in range(4)}) == 4, "and nothing is there twice"


def test_a_sink_frame_like_the_present_stays(model: Wan, prompt) -> None:
    profile = replace(PROFILE, window=4, sink=2, sink_threshold=-1.0)
    adaptive, fixed = steps_of(model, profile), steps_of(model, replace(profile, sink_threshold=None))
    for block in blocks(8):
        torch.testing.assert_close(adaptive.step(block, prompt), fixed.step(block, prompt), atol=0, rtol=0)


def test_likeness_is_that_of_mean_keys_and_values(model: Wan, prompt) -> None:
    denoiser = steps_of(model, replace(PROFILE, window=4, sink=2))
    for block in blocks(4):
        denoiser.step(block, prompt)
    likeness = denoiser.runner.cache.likeness(0, 3, [0, 1])
    wanted = []
    for kept in (denoiser.runner.cache._keys, denoiser.runner.cache._values):
        frames = kept[:, 0].unflatten(1, (-1, 6)).mean(2).flatten(2)
        wanted.append(torch.cosine_similarity(frames[:, :2], frames[:, 3:4], dim=-1).mean(0))
    torch.testing.assert_close(likeness, (wanted[0] + wanted[1]) / 2)
    assert denoiser.runner.cache.likeness(0, 3, [3]).item() == pytest.approx(1)


def test_what_is_remembered_is_seen(model: Wan, prompt) -> None:
    given = blocks(2)
    with_past, without = steps_of(model, PROFILE), steps_of(model, PROFILE)
    with_past.remember(given[0].source, prompt)
    assert not torch.equal(with_past.step(given[1], prompt), without.step(given[1], prompt))


def test_a_profile_that_refreshes_is_no_stream_batch(model: Wan) -> None:
    with pytest.raises(ValueError, match="cannot be a stream batch"):
        StreamBatch(backend_of(model), replace(PROFILE, clean_refresh=True), SIZE, 2)


def test_blocks_of_three(model: Wan, prompt) -> None:
    profile = replace(PROFILE, frames_per_block=3, window=6, clean_refresh=True)
    denoiser = steps_of(model, profile)
    for block in blocks(4, profile):
        assert denoiser.step(block, prompt).shape == (1, 16, 3, 4, 6)
    assert denoiser.runner.cache.filled == 6
    assert clean_pass(backend_of(model), block.source).timesteps == (0,)
