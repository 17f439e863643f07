"""The engine around an untrained wan-nano: what holds whatever the weights are."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from livegraph_wan.denoise import make_cache
from livegraph_wan.profile import WAN_NANO
from livegraph_wan.stream import Stream

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
    past = stream._session.denoiser._past
    kept = [past._passes[slot] for slot in past._window.slots()]
    stream.set_prompt("ink")
    fresh = make_cache(untrained, profile, (48, 64), CPU, rows=1)
    fresh.windows[0]._skipped = past._window._skipped  # absolute: as far behind as it was
    made = []
    for cache, passes in ((fresh, [*kept, kept[0]]), (past._cache, [kept[0]])):
        for given in passes:
            cache.begin_block()
            last = untrained.velocity(*given, stream._prompt, cache)
        made.append(last)
    torch.testing.assert_close(*made, atol=1e-5, rtol=0)
    assert fresh.filled == past._cache.filled == window


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
        assert stream._session.denoiser.cache.filled == 2
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
