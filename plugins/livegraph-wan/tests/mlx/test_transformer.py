"""The MLX transformer and its cache against torch's, with the same weights."""

from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest
import torch

from livegraph_wan.backend import ALL, Pass
from livegraph_wan.mlx import rope as mlx_rope
from livegraph_wan.rope import RopeTable, rotate

from .conftest import PROFILE, TINY, Pair, assert_close, last, make_pair

SIZE = (48, 64)


def latents(rows: int = 1, frames: int = 1, seed: int = 1) -> torch.Tensor:
    return torch.randn(rows, 16, frames, 6, 8, generator=torch.Generator().manual_seed(seed))


def embedding() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((1, 5, 64), np.float32)


@pytest.mark.parametrize("mode", ["relative", "absolute"])
@pytest.mark.parametrize(("window", "sink", "block"), [(3, 0, 1), (4, 2, 1), (6, 3, 3)])
def test_passes_agree_long_after_the_window_is_full(pair: Pair, window, sink, block, mode) -> None:
    profile = replace(PROFILE, window=window, sink=sink, frames_per_block=block, rope=mode)
    backends = pair.backends(profile)
    theirs, ours = (backend.runner(SIZE, 1) for backend in backends)
    prompts = [backend.read_prompt(embedding()) for backend in backends]
    for number in range(9):
        x = latents(frames=block, seed=number)
        for runner in (theirs, ours):
            runner.begin_block()
        for timestep in (900.0, 437.3):  # two steps of a block write to the same slots
            wanted = theirs.velocity(Pass(x, None, (timestep,)), prompts[0])
            got = ours.velocity(Pass(last(x), None, (timestep,)), prompts[1])
            assert_close(got, wanted)
    assert ours.cache.filled == theirs.cache.filled == window
    assert wanted.abs().max() > 0.1


def test_rows_that_began_at_different_times_agree(pair: Pair) -> None:
    """As in a stream batch: each row has its own slots, and those that have seen less attend to less."""
    backends = pair.backends(PROFILE)
    theirs, ours = (backend.runner(SIZE, 3) for backend in backends)
    prompts = [backend.read_prompt(embedding()) for backend in backends]
    for number, rows in enumerate([slice(0, 1), slice(0, 2), ALL, ALL, ALL, slice(1, 3), slice(2, 3)]):
        count = len(range(3)[rows])
        x, times = latents(count, seed=number), tuple(900.0 - 300 * row for row in range(3))[rows]
        for runner in (theirs, ours):
            runner.begin_block(rows)
        got = ours.velocity(Pass(last(x), None, times), prompts[1])
        assert_close(got, theirs.velocity(Pass(x, None, times), prompts[0]))


def test_likeness_and_swap_agree(pair: Pair) -> None:
    profile = replace(PROFILE, window=4, sink=2)
    backends = pair.backends(profile)
    runners = [backend.runner(SIZE, 2) for backend in backends]
    prompts = [backend.read_prompt(embedding()) for backend in backends]
    for number in range(5):
        x, both = latents(2, seed=number), []
        for runner, prompt, given in zip(runners, prompts, (x, last(x)), strict=True):
            runner.begin_block()
            both.append(runner.velocity(Pass(given, None, (500.0, 200.0)), prompt))
            if number == 3:
                runner.swap(1, 0, 3)
    theirs, ours = (runner.likeness(1, 3, [0, 1, 2]).tolist() for runner in runners)
    assert ours == pytest.approx(theirs, abs=1e-5)
    assert len({round(value, 4) for value in ours}) == 3
    assert_close(both[1], both[0])


def test_an_image_is_attended_to_as_well(image_pair: Pair) -> None:
    text, features = torch.from_numpy(embedding()), torch.randn(1, 7, 24)
    theirs = image_pair.torch.transformer.read_prompt(text, features)
    ours = image_pair.mlx.transformer.read_prompt(mx.array(embedding()), mx.array(features.numpy()))
    runners = [backend.runner(SIZE, 1) for backend in image_pair.backends(PROFILE)]
    for runner in runners:
        runner.begin_block()
    wanted = runners[0].velocity(Pass(latents(), None, (500.0,)), theirs)
    assert_close(runners[1].velocity(Pass(last(latents()), None, (500.0,)), ours), wanted)
    plain = runners[0].velocity(Pass(latents(), None, (500.0,)), image_pair.torch.transformer.read_prompt(text))
    assert (plain - wanted).abs().max() > 1e-3


def test_a_prompt_that_is_too_long_is_refused(pair: Pair) -> None:
    with pytest.raises(ValueError, match="17 tokens; at most 16"):
        pair.mlx.transformer.read_prompt(mx.zeros((1, 17, 64)))


def test_tables_and_turns_agree_at_any_frame() -> None:
    x = torch.randn(1, 24, 2, 32)
    table, ours = RopeTable(32, 3, 4, torch.device("cpu")), mlx_rope.RopeTable(32, 3, 4)
    for frames in ((0, 1), (5000, 77)):
        turned = mlx_rope.rotate(mx.array(x.numpy()).swapaxes(1, 2), ours.at(frames)).swapaxes(1, 2)
        np.testing.assert_allclose(np.array(turned), rotate(x, table.at(frames)).numpy(), atol=1e-6)


@pytest.mark.parametrize(("dtype", "limit"), [(mx.bfloat16, 2e-2), (mx.float16, 5e-3)])
def test_half_precision_is_near_full(dtype: mx.Dtype, limit: float) -> None:
    pair = make_pair()
    theirs, ours = pair.backends(PROFILE)
    pair.mlx.set_dtype(dtype)
    runners = theirs.runner(SIZE, 1), type(ours)(pair.mlx, PROFILE, dtype, compiled=False).runner(SIZE, 1)
    prompts = [backend.read_prompt(embedding()) for backend in (theirs, ours)]
    for number in range(4):
        x = latents(seed=number)
        for runner in runners:
            runner.begin_block()
        wanted = runners[0].velocity(Pass(x, None, (500.0,)), prompts[0])
        got = runners[1].velocity(Pass(last(x), None, (500.0,)), prompts[1])
    assert got.dtype == mx.float32
    error = np.array(got.moveaxis(-1, 1)) - wanted.numpy()
    assert 1e-5 < np.linalg.norm(error) / wanted.norm() < limit


@pytest.mark.parametrize("compiled", [False, True])
def test_a_pass_writes_into_the_memory_that_the_cache_has(compiled: bool) -> None:
    """Arrays are values, but a new cache beside the old one at every pass would be most of the traffic. What a pass
    takes for itself it takes for one layer at a time: here there are many.
    """
    _, backend = make_pair(replace(TINY, num_layers=12)).backends(replace(PROFILE, window=60), compiled=compiled)
    runner, prompt = backend.runner((128, 128), 1), backend.read_prompt(embedding())
    cache = sum(kept.nbytes for layers in runner.cache.slots for kept in layers)
    x = mx.zeros((1, 1, 16, 16, 16))
    mx.eval(x, prompt)
    for _ in range(3):
        mx.synchronize()
        mx.clear_cache()
        before = mx.get_active_memory()
        mx.reset_peak_memory()
        runner.begin_block()
        mx.eval(runner.velocity(Pass(x, None, (500.0,)), prompt))
        mx.synchronize()
        assert mx.get_peak_memory() - before < cache / 2
