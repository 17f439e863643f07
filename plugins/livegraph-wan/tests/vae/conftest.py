"""The three VAEs with random weights."""

import numpy as np
import pytest
import torch

from livegraph_wan.nano.model import NanoWan
from livegraph_wan.vae.base import StreamingVAE
from livegraph_wan.vae.taehv import TAEHV
from livegraph_wan.vae.wan import VAEArchitecture, WanVAE


@pytest.fixture
def wan() -> WanVAE:
    """A narrow Wan VAE; norms and biases are random too, so that none can be left out unseen.

    Much louder, and fp32 itself would come near to the tolerance of 1e-5.
    """
    torch.manual_seed(3)
    model = WanVAE(VAEArchitecture(base_dim=8))
    for parameter in model.parameters():
        parameter.add_(0.02 * torch.randn_like(parameter))
    return model.eval()


@pytest.fixture
def taehv() -> TAEHV:
    """With the weights that its golden vectors were made with."""
    model, rng = TAEHV().eval(), np.random.default_rng(7)
    for _, weight in sorted(model.state_dict().items()):
        drawn = rng.standard_normal(weight.shape, dtype=np.float32)
        weight.copy_(torch.from_numpy(drawn) * (0.9 / np.prod(weight.shape[1:]) ** 0.5))
    return model


@pytest.fixture(params=["nano", "wan", "taehv"])
def vae(request: pytest.FixtureRequest, untrained: NanoWan) -> StreamingVAE:
    """Each of them."""
    return untrained.vae if request.param == "nano" else request.getfixturevalue(request.param)
