"""Between host and device: nothing in the loop looks at a number that is still to be computed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from livegraph_wan.denoise import Block, Steps, StreamBatch
from livegraph_wan.sampler import from_source
from livegraph_wan.stream import TorchBackend
from livegraph_wan.transfer import Arrival, upload

from .models import ADAPTIVE, PROFILE, make_model

CPU, META = torch.device("cpu"), torch.device("meta")


@pytest.mark.parametrize(
    ("vae", "batch", "profile"),
    [
        ("nano", 0, PROFILE),
        ("taehv", 2, PROFILE),
        ("nano", 0, replace(PROFILE, clean_refresh=True)),
        ("taehv", 0, replace(PROFILE, recompute=True)),
    ],
)
def test_the_loop_asks_for_no_numbers(vae: str, batch: int, profile) -> None:
    """On the meta device tensors have shapes and no numbers: whoever waits for one fails."""
    backend = TorchBackend(make_model(vae), profile, META, torch.bfloat16)
    denoiser = StreamBatch(backend, profile, (32, 48), batch) if batch else Steps(backend, profile, (32, 48))
    prompts = [backend.read_prompt(np.zeros((1, 16, 64), np.float32)) for _ in range(2)]
    encoder = decoder = None
    for number in range(6):
        latents, encoder = backend.encode(np.zeros((4, 32, 48, 3), np.uint8), encoder)
        noises = backend.upload(np.zeros((4, 1, 16, 1, 4, 6), np.float32))
        if number == 4:
            denoiser.recache(prompts[1])
        clean = denoiser.step(Block(latents, noises, from_source(profile, 0.7, 2)), prompts[number // 4])
        if clean is not None:
            drawing, decoder = backend.decode(clean, decoder)
    with pytest.raises(NotImplementedError):
        drawing.pictures()


def test_an_adaptive_sink_asks_a_chunk_later_and_not_before() -> None:
    """What it wants to know is on its way from the end of one block to the start of the next."""
    backend = TorchBackend(make_model(), ADAPTIVE, META, torch.bfloat16)
    denoiser = Steps(backend, ADAPTIVE, (32, 48))
    prompt = backend.read_prompt(np.zeros((1, 16, 64), np.float32))
    source = torch.zeros(1, 16, 1, 4, 6, device=META)
    block = Block(source, (source,) * 4, from_source(ADAPTIVE, 0.7, 2))
    for _ in range(ADAPTIVE.window):
        denoiser.step(block, prompt)
    with pytest.raises(NotImplementedError):
        denoiser.step(block, prompt)


def test_numbers_go_there_and_back() -> None:
    numbers = np.arange(6, dtype=np.float32).reshape(2, 3)
    numbers.flags.writeable = False
    assert Arrival(upload(numbers, CPU)).tolist() == numbers.tolist()
    pictures = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    assert np.array_equal(Arrival(upload(pictures, CPU)).pictures(), pictures)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
def test_on_a_gpu_copies_are_pinned_and_awaited() -> None:
    device = torch.device("cuda")
    numbers = np.random.default_rng(1).standard_normal((1 << 22,)).astype(np.float32)
    sent = upload(numbers, device)
    with torch.cuda.stream(torch.cuda.Stream()):
        torch.cuda.current_stream().wait_stream(torch.cuda.default_stream())
        torch.cuda._sleep(50_000_000)
        arrival = Arrival(sent * 2)
        assert arrival._there is not None
        assert not arrival._there.query(), "asked for before it is there"
        assert arrival.tolist() == (numbers * 2).tolist()
