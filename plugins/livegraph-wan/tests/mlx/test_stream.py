"""The engine on MLX against the engine on torch: what either does, the other does too."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest
import torch

from livegraph_wan.denoise import Block, Denoiser, Steps, StreamBatch
from livegraph_wan.mlx import taehv as mlx_taehv
from livegraph_wan.mlx import wan as mlx_wan
from livegraph_wan.mlx.convert import from_torch, load
from livegraph_wan.mlx.nano import load_nano
from livegraph_wan.mlx.stream import Stream
from livegraph_wan.nano import model as torch_nano
from livegraph_wan.profile import WAN_NANO, Profile
from livegraph_wan.sampler import from_source
from livegraph_wan.stream import Stream as TorchStream
from livegraph_wan.vae.taehv import TAEHV
from livegraph_wan.wan import Wan

from .conftest import PROFILE, TINY, Pair, assert_close, make_pair

SIZE = (48, 64)
CHUNKS = 7

STILL = np.random.default_rng(7).integers(0, 256, (*SIZE, 3), dtype=np.uint8)

VARIANTS = {
    "steps": PROFILE,
    "clean refresh in blocks of three": replace(PROFILE, frames_per_block=3, window=6, clean_refresh=True),
    "recompute": replace(PROFILE, recompute=True),
    "a sink that adapts": replace(PROFILE, window=4, sink=2, sink_threshold=2.0, rope="absolute"),
}


def blocks(backend, profile: Profile) -> Iterator[Block]:
    random = np.random.default_rng(3)
    shape = (1, 16, profile.frames_per_block, SIZE[0] // 8, SIZE[1] // 8)
    for number in range(CHUNKS):
        source, *noises = backend.upload(random.standard_normal((4, *shape), np.float32))
        schedule = from_source(profile, 0.7 + 0.02 * number, profile.steps)
        yield Block(None if number == 4 else source, noises, schedule)


def play(backend, profile: Profile, denoiser: Denoiser) -> list:
    """With a past to begin with, and a new prompt on the way."""
    texts = np.random.default_rng(2).standard_normal((2, 1, 5, 64), np.float32)
    prompts = [backend.read_prompt(text) for text in texts]
    given = list(blocks(backend, profile))
    denoiser.remember(given[-1].source, prompts[0])
    made = []
    for number, block in enumerate(given):
        if number == 5:
            denoiser.recache(prompts[1])
        made.append(denoiser.step(block, prompts[number >= 5]))
    made += [denoiser.step(None, prompts[1]) for _ in range(denoiser.lag)]
    return [clean for clean in made if clean is not None]


@pytest.mark.parametrize("name", VARIANTS)
def test_denoising_agrees_with_torch(pair: Pair, name: str) -> None:
    profile = VARIANTS[name]
    theirs, ours = (play(backend, profile, Steps(backend, profile, SIZE)) for backend in pair.backends(profile))
    assert len(ours) == len(theirs) == CHUNKS
    for got, wanted in zip(ours, theirs, strict=True):
        assert_close(got, wanted)


def test_a_stream_batch_agrees_with_torch(pair: Pair) -> None:
    theirs, ours = (play(b, PROFILE, StreamBatch(b, PROFILE, SIZE, 3)) for b in pair.backends(PROFILE))
    assert len(ours) == len(theirs) == CHUNKS
    for got, wanted in zip(ours, theirs, strict=True):
        assert_close(got, wanted)


def test_a_compiled_pass_equals_one_that_is_not(pair: Pair) -> None:
    made = []
    for compiled in (False, True):
        _, backend = pair.backends(PROFILE, compiled=compiled)
        made.append(play(backend, PROFILE, Steps(backend, PROFILE, SIZE)))
    for got, wanted in zip(*made, strict=True):
        np.testing.assert_allclose(np.array(got), np.array(wanted), atol=1e-5)


def clip(chunks: int, height: int = SIZE[0], width: int = SIZE[1]) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (4 * chunks, height, width, 3), dtype=np.uint8)


def run(stream, frames: np.ndarray, **options) -> np.ndarray:
    return np.concatenate([stream.step(frames[i : i + 4], **options) for i in range(0, len(frames), 4)])


class Watched:
    """A stream, and the latents that it drew."""

    def __init__(self, stream) -> None:
        self.stream, self.drawn = stream, []
        decode = stream._backend.decode

        def watch(latents, state):
            self.drawn.append(latents)
            return decode(latents, state)

        stream._backend.decode = watch


@pytest.fixture
def shipped() -> Stream:
    return Stream(load_nano(), WAN_NANO, dtype=mx.float32)


def test_the_shipped_nano_paints_what_it_paints_on_torch(shipped: Stream) -> None:
    """Several chunks, a new prompt at once and one in passing, another size, every way in."""
    device = torch.device("cpu")
    theirs = Watched(TorchStream(torch_nano.load_nano(), WAN_NANO, device=device, dtype=torch.float32))
    ours, made = Watched(shipped), []
    for watched in (theirs, ours):
        stream = watched.stream
        stream.set_prompt("ink on paper: 2 | neon lights")
        pictures = [run(stream, clip(4), noise_scale=0.7)]
        stream.set_prompt("a thermal camera")
        pictures += [run(stream, clip(1), steps=2, seed=7, motion_aware=True)]
        stream.set_prompt("oil", chunks=2, how="slerp")
        pictures += [run(stream, clip(3), steps=2), run(stream, clip(1, 32, 48))]
        made.append(np.concatenate([part.reshape(-1, 3) for part in pictures]))
    assert len(ours.drawn) == len(theirs.drawn) == 9
    for got, wanted in zip(ours.drawn, theirs.drawn, strict=True):
        assert_close(got, wanted)
    difference = np.abs(made[0].astype(int) - made[1])
    assert difference.max() <= 1, "where a rounding falls to the other side"
    assert (difference > 0).mean() < 1e-3
    assert made[1].std() > 20


def test_taehv_is_streamed_as_on_torch(pair: Pair) -> None:
    """Its pictures come three frames later, and the engine leads in with the first."""
    models = (
        Wan(pair.torch.transformer, TAEHV(), pair.torch.text),
        mlx_wan.Wan(pair.mlx.transformer, mlx_taehv.TAEHV(), pair.mlx.text),
    )
    load(models[1].vae, from_torch(models[0].vae.state_dict().items()))
    theirs = Watched(TorchStream(models[0], PROFILE, device=torch.device("cpu"), dtype=torch.float32))
    ours = Watched(Stream(models[1], PROFILE, dtype=mx.float32))
    for watched in (theirs, ours):
        watched.stream.set_prompt("ink")
        assert [len(watched.stream.step(clip(2, 16, 32)[i : i + 4])) for i in (0, 4)] == [1, 4]
        assert sum(len(drawn) for drawn in watched.stream.flush()) == 3
        watched.stream.begin_from(clip(1, 16, 32)[0])
        assert watched.stream.paint((32, 16)).shape == (4, 16, 32, 3)
    assert len(ours.drawn) == 6
    for got, wanted in zip(ours.drawn, theirs.drawn, strict=True):
        assert_close(got, wanted)


def test_a_prompt_switch_equals_a_fresh_cache_from_the_same_latents(shipped: Stream) -> None:
    shipped.set_prompt("oil")
    run(shipped, clip(5))
    denoiser = shipped._session.denoiser
    kept = denoiser._pasts[0].passes
    shipped.set_prompt("ink")
    fresh = shipped._backend.runner(SIZE, rows=1)
    made = []
    for runner, passes in ((fresh, [*kept, kept[0]]), (denoiser.runner, [kept[0]])):
        for given in passes:
            runner.begin_block(slice(0, 1))
            velocity = runner.velocity(given, shipped._guide.ready)
        made.append(np.array(velocity))
    np.testing.assert_allclose(*made, atol=1e-5)
    assert fresh.cache.filled == WAN_NANO.window


def test_reset_begins_again(shipped: Stream) -> None:
    shipped.set_prompt("oil")
    first = run(shipped, clip(3))
    assert first.shape == (12, *SIZE, 3)
    assert first.dtype == np.uint8
    assert (run(shipped, clip(3)) != first).any()
    shipped.reset()
    assert (run(shipped, clip(3)) == first).all()


def test_the_chunks_of_a_stream_batch_come_later_and_all(shipped: Stream) -> None:
    stream = Stream(load_nano(), WAN_NANO, dtype=mx.float32, batch=2)
    stream.set_prompt("ink")
    assert stream.delay == 4
    parts = [stream.step(clip(3)[i : i + 4]) for i in (0, 4, 8)]
    assert [len(part) for part in parts] == [0, 4, 4]
    assert [part.shape for part in stream.flush()] == [(4, *SIZE, 3)]
    assert list(stream.flush()) == []


def test_every_call_may_come_from_another_thread() -> None:
    """MLX computes what is left to be computed on the thread that wrote it down, and nowhere else."""

    def calls() -> Iterator[Callable[[], object]]:
        made: list[Stream] = []
        yield lambda: made.append(Stream(load_nano(), WAN_NANO, dtype=mx.float32))
        yield lambda: made[0].set_prompt("oil")
        for steps in (1, 2, 1, 1):
            yield lambda steps=steps: made[0].step(clip(1), steps=steps)
        yield lambda: made[0].set_prompt("ink")
        yield lambda: made[0].step(clip(1))

    with ThreadPoolExecutor(1) as one:
        wanted = [one.submit(call).result() for call in calls()]
    got = []
    for call in calls():
        with ThreadPoolExecutor(1) as another:
            got.append(another.submit(call).result())
    for ours, theirs in zip(got, wanted, strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize(("dtype", "levels"), [(mx.float16, 1), (mx.bfloat16, 2)])
def test_half_precision_is_near_full(shipped: Stream, dtype: mx.Dtype, levels: float) -> None:
    made = []
    for stream in (shipped, Stream(load_nano(), WAN_NANO, dtype=dtype)):
        stream.set_prompt("oil")
        made.append(run(stream, clip(2)).astype(float))
    assert 0 < np.abs(made[0] - made[1]).mean() < levels


def test_misuse_is_named(shipped: Stream) -> None:
    with pytest.raises(RuntimeError, match="set_prompt"):
        shipped.step(clip(1))
    shipped.set_prompt("oil")
    with pytest.raises(ValueError, match="multiples of 16"):
        shipped.step(clip(1, 40, 64))


def test_a_still_is_seen_alike(pair: Pair) -> None:
    """Beside the first blocks of a stream, in one call or in two; TAEHV begins a stream otherwise than nano does."""
    torch.manual_seed(5)
    tiny = TAEHV().eval()
    same = mlx_taehv.TAEHV()
    load(same, from_torch(tiny.state_dict().items()))
    tiny_pair = Pair(
        Wan(pair.torch.transformer, tiny, pair.torch.text), mlx_wan.Wan(pair.mlx.transformer, same, pair.mlx.text)
    )
    for both in (pair, tiny_pair):
        theirs, ours = both.backends(PROFILE)
        state = given = None
        for count in (2, 1):
            wanted, state = theirs.beside_still(STILL, count, state)
            got, given = ours.beside_still(STILL, count, given)
            assert wanted.shape == (1, 20, count, SIZE[0] // 8, SIZE[1] // 8)
            assert_close(got, wanted)


def test_a_clip_from_a_still_is_torchs() -> None:
    """The image branch, clip after clip."""
    architecture = replace(TINY, in_dim=36, image_dim=24)
    profile = replace(
        PROFILE, architecture=architecture, frames_per_block=2, window=2, whole_clips=True, timesteps=(1000, 625)
    )
    pair = make_pair(architecture)
    features = np.random.default_rng(8).standard_normal((1, 7, 24), np.float32)
    streams = [
        TorchStream(pair.torch, profile, device=torch.device("cpu"), dtype=torch.float32),
        Stream(pair.mlx, profile, dtype=mx.float32),
    ]
    made = []
    for stream in streams:
        stream._backend.read_image = lambda picture: features  # type: ignore[method-assign]
        stream.set_prompt("ink")
        stream.begin_from(STILL)
        made.append([stream.paint((SIZE[1], SIZE[0])).astype(int) for _ in range(2)])
    for theirs, ours in zip(*made, strict=True):
        assert np.abs(theirs - ours).max() <= 1
    assert [len(clip) for clip in made[0]] == [8, 7]
