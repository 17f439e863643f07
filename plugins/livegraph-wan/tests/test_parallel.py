"""Two ranks that share one transformer's tokens, against one that does all of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest
import torch
from torch import Tensor

from livegraph import InputError
from livegraph_wan.crew import meet
from livegraph_wan.denoise import Block
from livegraph_wan.model import WanTransformer
from livegraph_wan.nano.text import NanoText
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.parallel import FollowingStream, LeadingStream, Ring, Word, check_size
from livegraph_wan.profile import Architecture, Profile
from livegraph_wan.sampler import from_source
from livegraph_wan.stream import Stream
from livegraph_wan.wan import Wan

SIZE = (32, 64)
TINY = Architecture(dim=48, ffn_dim=96, num_layers=2, num_heads=2, text_dim=16, text_len=6, freq_dim=32)
STILL = replace(TINY, in_dim=36, image_dim=8)
PROFILES = {
    "steps": Profile("a", TINY, (900, 600, 300), shift=3.0, frames_per_block=1, window=4, steps=2, sink=2),
    "adaptive sink": Profile(
        "s", TINY, (900, 600), shift=3.0, frames_per_block=1, window=4, steps=2, sink=2, sink_threshold=0.9999
    ),
    "blocks of three": Profile(
        "b", TINY, (900, 600), shift=3.0, frames_per_block=3, window=6, steps=2, clean_refresh=True
    ),
    "recomputed past": Profile("r", TINY, (900, 600), shift=3.0, frames_per_block=3, window=6, steps=2, recompute=True),
    "a still": Profile("i", STILL, (900, 600), shift=3.0, frames_per_block=1, window=4, steps=2, clean_refresh=True),
    "stream batch": Profile("c", TINY, (900, 600, 300), shift=3.0, frames_per_block=1, window=3, steps=3),
}
ON_CPU = {"device": torch.device("cpu"), "dtype": torch.float32}


class Pair:
    """A crew of two threads: what is told lies in a queue."""

    def __init__(self, ring: Ring) -> None:
        self.ring, self.gone = ring, False
        self.words: SimpleQueue[Word | None] = SimpleQueue()

    @contextmanager
    def together(self) -> Iterator[None]:
        yield

    def tell(self, word: Word) -> None:
        self.words.put(word)


def make_model(name: str) -> Wan:
    torch.manual_seed(5)
    return Wan(WanTransformer(PROFILES[name].architecture), NanoVAE(), NanoText()).eval()


def batch_of(name: str) -> int:
    return 3 if name == "stream batch" else 0


def play(name: str, stream: Stream) -> list[Tensor]:
    """A stream with everything that a denoiser may be asked: two sizes, a past, a new prompt, a cut."""
    generator = torch.Generator().manual_seed(4)
    profile, made = PROFILES[name], []
    image = torch.randn(1, 3, 8, generator=generator).numpy() if profile.sees_still else None
    texts = [torch.randn(1, 4, 16, generator=generator).numpy() for _ in range(2)]
    prompts = [stream._backend.read_prompt(text, image) for text in texts]
    for size in (SIZE, (32, 32)):
        shape = (1, 16, profile.frames_per_block, size[0] // 8, size[1] // 8)
        denoiser = stream._denoiser(size)
        beside = torch.randn(1, 20, *shape[2:], generator=generator) if profile.sees_still else None
        if beside is None:
            denoiser.remember(torch.randn(shape, generator=generator), prompts[0])
        for number in range(8):
            if number == 5:
                denoiser.recache(prompts[1])
            if number == 7:
                denoiser.forget()
            source = None if number == 3 else torch.randn(shape, generator=generator)
            noises = torch.randn(4, *shape, generator=generator).unbind()
            block = Block(source, noises, from_source(profile, 0.8, profile.steps), beside)
            made.append(denoiser.step(block, prompts[number >= 5]))
        made.append(denoiser.step(None, prompts[1]))
    return [clean for clean in made if clean is not None]


@torch.inference_mode()
def lead(name: str, model: Wan, pair: Pair, store: Path) -> list[Tensor]:
    meet(pair.ring, "torch-cpu", str(store))
    stream = LeadingStream(model, PROFILES[name], team=pair, batch=batch_of(name), **ON_CPU)
    try:
        return play(name, stream)
    finally:
        pair.words.put(None)


def follow(name: str, model: Wan, pair: Pair, store: Path) -> None:
    ring = Ring(1, 2)
    meet(ring, "torch-cpu", str(store))
    stream = FollowingStream(model, PROFILES[name], ring=ring, batch=batch_of(name), **ON_CPU)
    stream.follow(iter(pair.words.get, None), lambda strengths: None)


@pytest.mark.parametrize("name", PROFILES)
def test_two_ranks_equal_one(name: str, tmp_path: Path) -> None:
    wanted = play(name, Stream(make_model(name), PROFILES[name], batch=batch_of(name), **ON_CPU))
    pair, models = Pair(Ring(0, 2)), [make_model(name), make_model(name)]
    with ThreadPoolExecutor(2) as pool:
        leading = pool.submit(lead, name, models[0], pair, tmp_path / "store")
        following = pool.submit(follow, name, models[1], pair, tmp_path / "store")
        made = leading.result(60)
        following.result(60)
    assert len(made) == len(wanted) >= 10
    for one, other in zip(made, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


def test_tokens_that_do_not_divide_are_refused() -> None:
    check_size((480, 832), 4)
    with pytest.raises(InputError, match="256x256 pictures have 256 tokens, which 3 processes cannot share evenly"):
        check_size((256, 256), 3)


def test_a_share_is_a_part_of_every_frame() -> None:
    assert Ring(1, 2).share(torch.arange(12).view(1, 12, 1), 2)[0, :, 0].tolist() == [3, 4, 5, 9, 10, 11]
