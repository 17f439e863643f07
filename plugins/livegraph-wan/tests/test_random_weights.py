"""Models of random numbers: of the true size, in their number type, and good enough to compute with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from livegraph_wan.cost import parameters
from livegraph_wan.load import Wanted, load
from livegraph_wan.model import WanTransformer
from livegraph_wan.profile import STREAMDIFFUSION_1_3B, WAN_NANO, Architecture
from livegraph_wan.random_weights import fill, random_wan

SMALL = replace(
    STREAMDIFFUSION_1_3B,
    architecture=Architecture(dim=96, ffn_dim=192, num_layers=8, num_heads=4, text_dim=32, text_len=6),
)
CPU = torch.device("cpu")


def test_every_weight_is_made_in_the_number_type() -> None:
    model = random_wan(SMALL, "taehv", CPU, torch.bfloat16)
    weights = dict(model.transformer.named_parameters())
    assert sum(weight.numel() for weight in weights.values()) == parameters(SMALL.architecture)
    assert {weight.dtype for weight in model.state_dict().values()} == {torch.bfloat16}
    assert all(weight.isfinite().all() for weight in model.state_dict().values())
    assert all(weight.std() > 0 for weight in weights.values() if weight.ndim > 1), "no weight is left as it was found"


def test_what_comes_out_stays_of_the_size_of_what_goes_in() -> None:
    with torch.device("meta"):
        transformer = WanTransformer(SMALL.architecture)
    transformer = transformer.to_empty(device="cpu")
    fill(transformer)
    x = torch.randn(1, 24, 96)
    assert 0.3 < float(transformer.blocks[0].ffn(x).std()) < 3


@pytest.mark.parametrize("vae", ["taehv", "wan"])
def test_a_stream_of_it_runs(vae: str) -> None:
    wanted = Wanted(SMALL, vae=vae, dtype="bf16", random=True)  # type: ignore[arg-type]
    stream = load(wanted, "torch-cpu").stream
    stream.set_prompt("anything")
    pictures = np.zeros((4, 32, 32, 3), np.uint8)
    painted = [stream.step(pictures) for _ in range(3)][-1]
    assert painted.shape == (4, 32, 32, 3) and painted.std() > 0


def test_prompts_differ_and_repeat() -> None:
    text = random_wan(SMALL, "taehv", CPU, torch.float32).text
    assert text.knows("ink") and torch.equal(text.read("ink"), text.read("ink"))
    assert text.read("ink").shape == (1, 6, 32) and not torch.equal(text.read("ink"), text.read("oil"))


def test_wan_nano_forgets_what_it_learnt() -> None:
    trained, random = (load(Wanted(WAN_NANO, random=guess), "torch-cpu").stream for guess in (False, True))
    chunk = np.full((4, 32, 32, 3), 128, np.uint8)
    for stream in (trained, random):
        stream.set_prompt("oil")
    assert not np.array_equal(trained.step(chunk), random.step(chunk))
