"""A tiny transformer's weights, to be saved in every format that there is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from checkpoint_support import TINY, Weights

from livegraph_wan.model import WanTransformer


@pytest.fixture
def model() -> WanTransformer:
    """Not a single weight is 0 or 1, so that none can be mistaken for another."""
    torch.manual_seed(3)
    model = WanTransformer(TINY).eval()
    with torch.inference_mode():
        for parameter in model.parameters():
            parameter.normal_(std=0.2)
    return model


@pytest.fixture
def weights(model: WanTransformer) -> Weights:
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.fixture
def empty() -> WanTransformer:
    """The same transformer without memory for its weights."""
    with torch.device("meta"):
        return WanTransformer(TINY)
