"""The engine around an untrained wan-nano: what holds whatever the weights are."""

import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch

from livegraph_wan.backend import Pass
from livegraph_wan.profile import WAN_NANO
from livegraph_wan.stream import Stream, TorchBackend

CPU = torch.device("cpu")


def clip(chunks: int, height: int = 48, width: int = 64) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (4 * chunks, height, width, 3), dtype=np.uint8)


def run(stream: Stream, frames: np.ndarray, **options) -> np.ndarray:
    return np.concatenate([stream.step(frames[i : i + 4], **options) for i in range(0, len(frames), 4)])


def test_frames_come_back_in_kind_and_follow_the_seed(stream) -> None:
    stream.set_prompt("oil")
    first = run(stream, clip(2))
    assert first.shape == (8, 48, 64, 3)
    assert first.dtype == np.uint8
    stream.reset()
    assert (run(stream, clip(2)) == first).all()
    stream.reset()
    assert (run(stream, clip(2), seed=1) != first).any()


def test_a_still_source_settles(stream) -> None:
    """Fixed noise and window-relative positions: nothing is left that could change."""
    stream.set_prompt("oil")
    still = np.repeat(clip(1)[:1], 4, axis=0)
    for _ in range(12):
        last = stream.step(still)
    for _ in range(4):
        assert np.abs(stream.step(still).astype(int) - last).max() <= 1


@pytest.mark.parametrize(("window", "sink"), [(3, 0), (4, 2)])
@pytest.mark.parametrize("mode", ["relative", "absolute"])
def test_prompt_switch_equals_a_fresh_cache_from_the_same_latents(untrained, window, sink, mode) -> None:
    profile = replace(WAN_NANO, window=window, sink=sink, rope=mode)
    stream = Stream(untrained, profile, device=CPU, dtype=torch.float32)
    stream.set_prompt("oil")
    run(stream, clip(7))
    denoiser = stream._session.denoiser
    kept = denoiser._pasts[0].passes
    stream.set_prompt("ink")
    fresh = TorchBackend(untrained, profile, CPU, torch.float32).runner((48, 64), rows=1)
    fresh.windows[0]._skipped = denoiser.runner.windows[0]._skipped  # absolute: as far behind as it was
    made = []
    for runner, passes in ((fresh, [*kept, kept[0]]), (denoiser.runner, [kept[0]])):
        for given in passes:
            runner.begin_block(slice(0, 1))
            last = runner.velocity(given, stream._guide.ready)
        made.append(last)
    torch.testing.assert_close(*made, atol=1e-5, rtol=0)
    assert fresh.cache.filled == denoiser.runner.cache.filled == window


def test_prompt_switch_shows_in_the_next_chunk(stream) -> None:
    frames = clip(4)
    stream.set_prompt("oil")
    run(stream, frames[:12])
    stayed = stream.step(frames[12:])
    stream.reset()
    run(stream, frames[:12])
    stream.set_prompt("thermal")
    assert (stream.step(frames[12:]) != stayed).any()


def test_each_step_of_a_chunk_counts_and_none_grows_the_cache(stream) -> None:
    stream.set_prompt("oil")
    made = []
    for steps in (1, 2, 4):
        stream.reset()
        made.append(run(stream, clip(2), steps=steps))
        assert stream._session.denoiser.runner.cache.filled == 2
    assert (made[0] != made[1]).any()
    assert (made[1] != made[2]).any()


def test_strength_moves_the_result(stream) -> None:
    stream.set_prompt("oil")
    made = []
    for noise_scale in (0.0, 0.5, 1.0):
        stream.reset()
        made.append(run(stream, clip(1), noise_scale=noise_scale))
    assert (made[0] != made[1]).any()
    assert (made[1] != made[2]).any()


def test_another_size_starts_afresh(stream) -> None:
    stream.set_prompt("oil")
    small = run(stream, clip(2))
    run(stream, clip(1, 32, 32))
    assert (run(stream, clip(2)) == small).all()


def test_what_a_size_needed_is_let_go_before_another_is_made(stream, monkeypatch) -> None:
    """Two caches at once may not fit."""
    stream.set_prompt("oil")
    stream.step(clip(1))
    before, make, alive = weakref.ref(stream._session.denoiser), stream._denoiser, []
    monkeypatch.setattr(stream, "_denoiser", lambda size: alive.append(before() is not None) or make(size))
    stream.step(clip(1, 64, 96))
    assert alive == [False]


def test_misuse_is_named(stream) -> None:
    with pytest.raises(RuntimeError, match="set_prompt"):
        stream.step(clip(1))
    stream.set_prompt("oil")
    with pytest.raises(ValueError, match="multiples of 16"):
        stream.step(clip(1, 40, 64))


def test_half_precision_is_near_full(untrained) -> None:
    made = []
    for dtype in (torch.float32, torch.bfloat16):
        stream = Stream(untrained, WAN_NANO, device=torch.device("cpu"), dtype=dtype)
        stream.set_prompt("oil")
        made.append(run(stream, clip(3)).astype(float))
    assert np.abs(made[0] - made[1]).mean() < 2


def test_latents_stay_in_full_precision_whatever_the_model_computes_in(untrained) -> None:
    backend = TorchBackend(untrained, WAN_NANO, CPU, torch.bfloat16)
    latents, _ = backend.encode(clip(1), None)
    runner = backend.runner((48, 64), rows=1)
    runner.begin_block()
    velocity = runner.velocity(Pass(latents, latents, (800.0,)), backend.read_prompt(backend.read_text("oil")))
    assert latents.dtype == velocity.dtype == torch.float32


def test_who_takes_the_last_pictures_runs_as_before(untrained) -> None:
    stream = Stream(untrained, WAN_NANO, device=CPU, dtype=torch.float32, batch=3)
    stream.set_prompt("oil")
    run(stream, clip(3))
    with torch.inference_mode(False):
        assert [(len(drawn), torch.is_inference_mode_enabled()) for drawn in stream.flush()] == [(4, False)] * 2
