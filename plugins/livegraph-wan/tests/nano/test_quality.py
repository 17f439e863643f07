"""What the shipped weights promise, on pictures that training never saw. `nano.evaluate` measures it in full."""

import numpy as np
import pytest
import torch

from livegraph_wan.device import fast_dtype
from livegraph_wan.nano.evaluate import error_between, run, still_of, targets_of
from livegraph_wan.nano.model import SHIPPED, load_nano
from livegraph_wan.nano.wording import TRAINING_PHRASES
from livegraph_wan.profile import WAN_NANO
from livegraph_wan.stream import Stream


@pytest.fixture(scope="module")
def shipped() -> Stream:
    return Stream(load_nano(), WAN_NANO, device=torch.device("cpu"), dtype=fast_dtype("cpu"))


def test_the_weights_are_small() -> None:
    assert SHIPPED.stat().st_size < 16e6


@pytest.mark.parametrize("style", ["oil", "watercolour", "ink", "halftone", "mosaic", "thermal", "sepia", "night"])
def test_a_style_is_nearest_to_its_own_target_and_holds_still(shipped: Stream, style: str) -> None:
    source = np.concatenate([still_of("coffee")] * 5)
    out = run(shipped, TRAINING_PHRASES[style][0], source)
    errors = {name: error_between(out[-4:], target) for name, target in targets_of(source).items()}
    assert min(errors, key=lambda name: errors[name]) == style
    assert 10 * np.log10(255**2 / errors[style]) > 20
    assert out[-8:].astype(float).std(axis=0).mean() <= 2.5
