"""Two processes that share one transformer's tokens, against one that does all of it."""

import os
import tempfile
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import Tensor
from torch.multiprocessing.spawn import spawn

from livegraph_wan.denoise import Block, Denoiser, Steps, StreamBatch
from livegraph_wan.model import WanTransformer
from livegraph_wan.nano.text import NanoText
from livegraph_wan.nano.vae import NanoVAE
from livegraph_wan.parallel import STOP, Leader, Ring, follow
from livegraph_wan.profile import Architecture, Profile
from livegraph_wan.sampler import from_source
from livegraph_wan.stream import TorchBackend
from livegraph_wan.wan import Wan

CPU = torch.device("cpu")
SIZE = (32, 64)
TINY = Architecture(dim=48, ffn_dim=96, num_layers=2, num_heads=2, text_dim=16, text_len=6, freq_dim=32)
PROFILES = {
    "steps": Profile("a", TINY, (900, 600, 300), shift=3.0, frames_per_block=1, window=4, steps=2, sink=2),
    "blocks of three": Profile(
        "b", TINY, (900, 600), shift=3.0, frames_per_block=3, window=6, steps=2, clean_refresh=True
    ),
    "stream batch": Profile("c", TINY, (900, 600, 300), shift=3.0, frames_per_block=1, window=3, steps=3),
}


def make_model() -> Wan:
    torch.manual_seed(5)
    return Wan(WanTransformer(TINY), NanoVAE(), NanoText()).eval()


def make_denoiser(name: str, model: Wan, size: tuple[int, int], **crew) -> Denoiser:
    profile = PROFILES[name]
    backend = TorchBackend(model, profile, CPU, torch.float32, **crew)
    return StreamBatch(backend, profile, size, 3) if name == "stream batch" else Steps(backend, profile, size)


def play(name: str, model: Wan, make) -> list[Tensor]:
    """A stream with everything that a denoiser may be asked: two sizes, a past, a new prompt, a cut."""
    generator = torch.Generator().manual_seed(4)
    profile, made = PROFILES[name], []
    texts = torch.randn(2, 1, 4, 16, generator=generator)
    prompts = [model.transformer.read_prompt(text) for text in texts]
    for size in (SIZE, (32, 32)):
        shape = (1, 16, profile.frames_per_block, size[0] // 8, size[1] // 8)
        denoiser = make(size)
        denoiser.remember(torch.randn(shape, generator=generator), prompts[0])
        for number in range(8):
            if number == 5:
                denoiser.recache(prompts[1])
            if number == 7:
                denoiser.forget()
            source = None if number == 3 else torch.randn(shape, generator=generator)
            noises = torch.randn(4, *shape, generator=generator).unbind()
            block = Block(source, noises, from_source(profile, 0.8, profile.steps))
            made.append(denoiser.step(block, prompts[number >= 5]))
        made.append(denoiser.step(None, prompts[1]))
    return [clean for clean in made if clean is not None]


def work(rank: int, store: str, name: str, out: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    ring, model = Ring(), make_model()
    with torch.inference_mode():
        if rank:
            follow(ring, model, lambda size: make_denoiser(name, model, size, crew=ring), CPU)
        else:
            made = play(name, model, lambda size: Leader(ring, size, make_denoiser(name, model, size, crew=ring)))
            torch.save(made, out)
            ring.tell(STOP)
    dist.destroy_process_group()


@pytest.mark.parametrize("name", PROFILES)
def test_two_processes_equal_one(name: str) -> None:
    model = make_model()
    wanted = play(name, model, lambda size: make_denoiser(name, model, size))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "made.pt"
        os.environ["OMP_NUM_THREADS"] = "1"
        spawn(work, (str(Path(folder) / "store"), name, str(out)), nprocs=2)
        made = torch.load(out, weights_only=True)
    assert len(made) == len(wanted) >= 10
    for one, other in zip(made, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


def test_tokens_that_do_not_divide_are_refused() -> None:
    ring = Ring.__new__(Ring)
    ring.rank, ring.size = 0, 5
    with pytest.raises(ValueError, match="12 tokens per frame cannot be shared by 5 ranks"):
        ring.share(torch.zeros(1, 24, 3), 2)


def test_a_share_is_a_part_of_every_frame() -> None:
    ring = Ring.__new__(Ring)
    ring.rank, ring.size = 1, 2
    assert ring.share(torch.arange(12).view(1, 12, 1), 2)[0, :, 0].tolist() == [3, 4, 5, 9, 10, 11]
