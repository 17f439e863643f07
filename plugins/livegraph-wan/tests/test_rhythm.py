"""The engine over every VAE: the nth picture out is the nth that came in."""

import numpy as np
import pytest
import torch

from livegraph_wan.model import WanTransformer
from livegraph_wan.nano.text import NanoText
from livegraph_wan.profile import Architecture, Profile
from livegraph_wan.stream import Stream
from livegraph_wan.vae.base import StreamingVAE
from livegraph_wan.vae.taehv import TAEHV
from livegraph_wan.vae.wan import VAEArchitecture, WanVAE
from livegraph_wan.wan import Wan

CPU = torch.device("cpu")
TINY = Architecture(dim=48, ffn_dim=96, num_layers=1, num_heads=2, text_dim=64, text_len=16, freq_dim=32)


def stream_of(vae: StreamingVAE, block: int, batch: int = 0) -> Stream:
    torch.manual_seed(1)
    profile = Profile("tiny", TINY, (1000, 500), shift=1.0, frames_per_block=block, window=2 * block, steps=1)
    model = Wan(WanTransformer(TINY), vae, NanoText())
    stream = Stream(model, profile, device=CPU, dtype=torch.float32, batch=batch)
    stream.set_prompt("ink")
    return stream


def play(stream: Stream, clip: np.ndarray) -> list[np.ndarray]:
    chunks = [stream.step(clip[i : i + stream.frames], noise_scale=0.0) for i in range(0, len(clip), stream.frames)]
    return [*chunks, *stream.flush()]


VAES = {"taehv": (TAEHV, 3), "wan": (lambda: WanVAE(VAEArchitecture(base_dim=8)), 0)}


@pytest.mark.parametrize("batch", [0, 2])
@pytest.mark.parametrize("block", [1, 3])
@pytest.mark.parametrize("name", VAES)
def test_as_many_pictures_come_out_as_went_in(name: str, block: int, batch: int) -> None:
    make, late = VAES[name]
    torch.manual_seed(3)
    stream = stream_of(make(), block, batch)
    clip = np.random.default_rng(1).integers(0, 256, (4 * 12, 32, 32, 3), dtype=np.uint8)
    delay = late + max(0, batch - 1) * stream.frames
    assert stream.delay == delay
    counts = [len(chunk) for chunk in play(stream, clip)]
    calls = len(clip) // stream.frames
    assert sum(counts) == len(clip)
    assert sum(counts[:calls]) == len(clip) - delay
    assert counts[calls - 1] == stream.frames
    assert list(stream.flush()) == []


@pytest.mark.parametrize("name", VAES)
def test_a_stream_after_a_cut_is_a_new_one(name: str) -> None:
    torch.manual_seed(3)
    stream = stream_of(VAES[name][0](), 1)
    clip = np.random.default_rng(1).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    first = np.concatenate(play(stream, clip))
    stream.reset()
    assert (np.concatenate(play(stream, clip)) == first).all()


@pytest.mark.parametrize("name", VAES)
def test_painting_from_nothing_begins_with_fewer_pictures(name: str) -> None:
    torch.manual_seed(3)
    stream = stream_of(VAES[name][0](), 3)
    assert [len(stream.paint((32, 32))) for _ in range(3)] == [9, 12, 12]


@pytest.mark.parametrize("name", VAES)
def test_painting_goes_on_from_a_still(name: str) -> None:
    torch.manual_seed(3)
    stream = stream_of(VAES[name][0](), 1)
    fresh = stream.paint((32, 32))
    stream.begin_from(np.full((32, 32, 3), 200, np.uint8))
    assert len(stream.paint((32, 32))) == 4
    assert len(fresh) == 1
