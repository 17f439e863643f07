"""A stream that runs for hours: nothing grows, nothing is traced again, limits that a Mac needs."""

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from livegraph_wan.mlx.memory import limit_memory
from livegraph_wan.mlx.stream import Stream
from livegraph_wan.mlx.wan import Wan

from .conftest import PROFILE, Pair, make_pair

GIB = 1 << 30


class Counting(Wan):
    """Counts how often the Python of its transformer runs: compiled, once per trace."""

    runs = 0

    def velocity(self, *given: Any) -> mx.array:
        Counting.runs += 1
        return super().velocity(*given)


@pytest.fixture
def model() -> Counting:
    pair: Pair = make_pair()
    return Counting(pair.mlx.transformer, pair.mlx.vae, pair.mlx.text)


def clip(seed: int, size: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (4, size, size, 3), dtype=np.uint8)


def held() -> int:
    mx.synchronize()
    return mx.get_active_memory()


@pytest.mark.parametrize(("compiled", "chunks"), [(False, 500), (True, 200)])
def test_a_long_stream_holds_no_more_than_a_short_one(model: Counting, compiled: bool, chunks: int) -> None:
    """With everything on the way that a show brings: prompts, transitions, steps, cuts."""
    gc.collect()  # what other tests left is not to go while this one measures
    stream = Stream(model, PROFILE, dtype=mx.float32, compiled=compiled)
    stream.set_prompt("oil")
    after = []
    for chunk in range(chunks):
        if chunk % 50 == 20:
            stream.set_prompt(f"ink {chunk}", chunks=5)
        if chunk % 100 == 70:
            stream.reset()
        stream.step(clip(chunk, 16), steps=1 + chunk // 10 % 3, seed=chunk)
        after.append(held())
    early, late = max(after[80:100]), max(after[-20:])
    # A buffer may be taken again that is a little larger than what it holds; a chunk's smallest array has 256 bytes.
    assert late - early < 64 * (chunks - 100), f"{late - early} bytes more than after 100 chunks"
    assert max(after[100:]) - min(after[100:]) < 0.05 * early


def test_passes_are_traced_twice_and_before_the_show(model: Counting) -> None:
    """While the window fills, and full: both with the first chunk."""
    stream = Stream(model, PROFILE, dtype=mx.float32, compiled=True)
    stream.set_prompt("oil")
    Counting.runs = 0
    stream.step(clip(0))
    assert Counting.runs == 2
    for chunk in range(1, 12):
        if chunk == 4:
            stream.set_prompt("ink on paper, in a longer sentence")
        if chunk == 7:
            stream.reset()
        stream.step(clip(chunk), steps=1 + chunk % 3, noise_scale=0.3 + 0.05 * chunk)
    assert Counting.runs == 2
    stream.step(clip(0, 48))
    assert Counting.runs == 4, "another size is another runner"


def test_what_warm_up_paints_traces_everything(model: Counting) -> None:
    """Of a stream batch, too, whose rows begin one after another."""
    stream = Stream(model, PROFILE, dtype=mx.float32, compiled=True, batch=2)
    stream.set_prompt("oil")
    Counting.runs = 0
    for chunk in range(stream.warm_ups):
        stream.step(clip(chunk))
    assert (stream.warm_ups, Counting.runs) == (3, 4), "one row and two, while the window fills, and full"
    stream.reset()
    for chunk in range(8):
        stream.step(clip(chunk))
    assert Counting.runs == 4


def test_what_is_compiled_belongs_to_a_thread(model: Counting) -> None:
    """MLX binds what it traces to the thread's own stream: another thread gets the same pictures, traced anew."""
    made = []
    for threads in (1, 3):
        pools = [ThreadPoolExecutor(1) for _ in range(threads)]
        stream = pools[0].submit(Stream, model, PROFILE, dtype=mx.float32, compiled=True).result()
        pools[0].submit(stream.set_prompt, "oil").result()
        made.append([pools[chunk % threads].submit(stream.step, clip(chunk)).result() for chunk in range(5)])
        for pool in pools:
            pool.shutdown()
    assert np.array_equal(*made)


def test_overlapped_chunks_are_the_same_a_chunk_later(model: Counting) -> None:
    made = []
    for overlap in (False, True):
        stream = Stream(model, PROFILE, dtype=mx.float32, overlap=overlap)
        stream.set_prompt("oil")
        parts = [stream.step(clip(chunk)) for chunk in range(4)]
        assert len(parts[0]) == (0 if overlap else 4)
        made.append(np.concatenate([*parts, *stream.flush()]))
    assert np.array_equal(*made)


@pytest.mark.parametrize("compiled", [False, True])
def test_another_size_lets_go_of_the_memory_of_the_one_before(model: Counting, compiled: bool) -> None:
    stream = Stream(model, PROFILE, dtype=mx.float32, compiled=compiled)
    stream.set_prompt("oil")
    weights = held()
    gc.collect()
    gc.disable()
    try:
        beside = []
        for size in (32, 256, 32):
            stream.step(clip(0, size))
            beside.append(held() - weights)
    finally:
        gc.enable()
    assert beside[1] > 10 * beside[0]
    assert beside[2] < 2 * beside[0]


def test_only_the_pictures_are_waited_for(model: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the device computes, Python writes down what comes next."""
    stream = Stream(model, PROFILE, dtype=mx.float32)
    stream.set_prompt("oil")
    stream.step(clip(0))
    for name in ("eval", "synchronize"):
        monkeypatch.setattr(mx, name, lambda *given, name=name: pytest.fail(f"mx.{name} in the step loop"))
    order: list[str] = []
    velocity, decode = stream._session.denoiser.runner.velocity, stream._backend.decode
    monkeypatch.setattr(stream._session.denoiser.runner, "velocity", lambda *g: (order.append("pass"), velocity(*g))[1])
    monkeypatch.setattr(stream._backend, "decode", lambda *g: (order.append("draw"), decode(*g))[1])
    stream.step(clip(1), steps=3)
    assert order == ["pass"] * 3 + ["draw"]


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """As Metal's allocator answers: with the limit before."""
    now = {"memory": 18 * GIB, "cache": 18 * GIB, "wired": 0}

    def setter(name: str):
        def set_limit(limit: int) -> int:
            before, now[name] = now[name], limit
            return before

        return set_limit

    for name in now:
        monkeypatch.setattr(mx, f"set_{name}_limit", setter(name))
    monkeypatch.setattr(mx, "device_info", lambda: {"max_recommended_working_set_size": 12 * GIB})
    yield now


def test_a_mac_keeps_to_what_its_system_recommends(limits: dict[str, int]) -> None:
    limit_memory()
    assert limits == {"memory": 12 * GIB, "cache": 3 * GIB, "wired": 12 * GIB}


def test_limits_that_are_stricter_stay(limits: dict[str, int]) -> None:
    limits.update(memory=8 * GIB, cache=GIB)
    limit_memory()
    assert limits == {"memory": 8 * GIB, "cache": GIB, "wired": 12 * GIB}


def test_a_cpu_is_left_alone(limits: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mx, "device_info", lambda: {"device_name": "AMD EPYC"})
    before = dict(limits)
    limit_memory()
    assert limits == before
