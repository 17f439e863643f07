"""A smaller model's weights in a larger one: the same function, until training moves it."""

import dataclasses

import pytest
import torch
from torch import Tensor

from livegraph_wan.nano.grow import grow
from livegraph_wan.nano.model import ARCHITECTURE, NanoWan, load_nano, read_weights, save_nano

LARGER = dataclasses.replace(ARCHITECTURE, num_layers=5, ffn_dim=256)
SMALLER = dataclasses.replace(ARCHITECTURE, num_layers=3, ffn_dim=96)


@pytest.fixture
def smaller() -> NanoWan:
    """Nothing in it is zero."""
    torch.manual_seed(3)
    made = NanoWan(SMALLER)
    for parameter in made.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return made


def outputs(model: NanoWan) -> tuple[Tensor, Tensor]:
    from livegraph_wan.attention import DenseMemory
    from livegraph_wan.rope import RopeTable

    generator = torch.Generator().manual_seed(1)
    x, source = torch.randn(2, 1, 16, 2, 4, 4, generator=generator)
    memory = DenseMemory(RopeTable(model.transformer.config.head_dim, 2, 2, x.device), 2, None)
    prompt = model.transformer.read_prompt(model.text.read("an oil painting"))
    return model.velocity(x, source, torch.full((1, 2), 700.0), prompt, memory), model.vae.decode(source, None)[0]


def test_grown_it_computes_the_same(smaller: NanoWan) -> None:
    weights = smaller.state_dict()
    # The VAE's later layers were not there in older weights: without them it is the same too.
    for name in [name for name in weights if "_more." in name]:
        torch.nn.init.zeros_(weights[name])
        del weights[name]
    larger = NanoWan(LARGER)
    grow(larger, weights)
    assert len(larger.transformer.blocks) == 5
    for before, after in zip(outputs(smaller), outputs(larger), strict=True):
        torch.testing.assert_close(after, before, atol=1e-5, rtol=0)


def test_what_is_new_can_learn(smaller: NanoWan) -> None:
    larger = NanoWan(LARGER)
    grow(larger, smaller.state_dict())
    with torch.inference_mode(False):
        fresh = NanoWan(LARGER)
        fresh.load_state_dict({name: value.clone() for name, value in larger.state_dict().items()})
        sum(out.square().sum() for out in outputs(fresh)).backward()
    silent = [block for block in fresh.transformer.blocks if not block.ffn[2].weight.any()]
    assert len(silent) == 2
    for block in silent:
        assert block.self_attn.o.weight.grad.any()
    for block in fresh.transformer.blocks:
        assert block.ffn[2].weight.grad[:, 96:].any()


def test_misfits_are_named(smaller: NanoWan) -> None:
    weights = smaller.state_dict()
    with pytest.raises(ValueError, match=r"text\.other: the model has no such weight"):
        grow(NanoWan(LARGER), {**weights, "text.other": torch.zeros(1)})
    with pytest.raises(ValueError, match=r"vae\.mean: \(99,\) does not fit into \(16,\)"):
        grow(NanoWan(LARGER), {**weights, "vae.mean": torch.zeros(99)})
    with pytest.raises(ValueError, match="weights of 3 blocks do not fit a transformer of 2"):
        grow(NanoWan(dataclasses.replace(SMALLER, num_layers=2)), weights)


def test_weights_come_back_from_both_files(smaller: NanoWan, tmp_path) -> None:
    save_nano(smaller, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vae.safetensors", "wan-nano.safetensors"]
    back = read_weights(tmp_path)
    assert load_nano(tmp_path).transformer.config == SMALLER
    for name, value in smaller.state_dict().items():
        assert back[name].equal(value.bfloat16())
