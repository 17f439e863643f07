"""What the shipped weights promise, on pictures that training never saw. `nano.evaluate` measures it in full."""

import numpy as np
import pytest
import torch

from livegraph_wan.device import fast_dtype
from livegraph_wan.nano.afterimages import MEMORY_STYLES
from livegraph_wan.nano.held_back import Clip, decibels, error_between, run, sources, still_of, targets_of
from livegraph_wan.nano.measures import memory_of
from livegraph_wan.nano.model import SHIPPED, load_nano
from livegraph_wan.nano.styles import STYLES
from livegraph_wan.nano.wording import TRAINING_PHRASES
from livegraph_wan.profile import WAN_NANO
from livegraph_wan.stream import Stream


@pytest.fixture(scope="module")
def shipped() -> Stream:
    return Stream(load_nano(), WAN_NANO, device=torch.device("cpu"), dtype=fast_dtype("cpu"))


@pytest.fixture(scope="module")
def still() -> tuple[Clip, dict[str, Clip]]:
    source = np.concatenate([still_of("coffee")] * 5)
    return source, targets_of(source)


def test_the_weights_are_small() -> None:
    sizes = [path.stat().st_size for path in SHIPPED.iterdir()]
    assert max(sizes) < 16e6
    assert sum(sizes) < 40e6


@pytest.mark.parametrize("style", STYLES)
def test_a_style_is_nearest_to_its_own_target_and_holds_still(shipped: Stream, still, style: str) -> None:
    source, targets = still
    out = run(shipped, TRAINING_PHRASES[style][0], source)
    errors = {name: error_between(out[-4:], target) for name, target in targets.items()}
    assert min(errors, key=lambda name: errors[name]) == style
    assert decibels(errors[style]) > 20
    assert out[-8:].astype(float).std(axis=0).mean() <= 2.5


@pytest.mark.parametrize("style", MEMORY_STYLES)
def test_a_cut_of_the_stream_costs_the_styles_that_remember(shipped: Stream, style: str) -> None:
    found = memory_of(shipped, style, seed=7)
    assert found["psnr_db"] > found["psnr_cut_db"] + 1
    assert found["change_levels"] > 3
    assert found["seen"] > 0.5 > found["seen_cut"] + 0.1


def test_a_second_step_helps_in_the_mean(shipped: Stream, still) -> None:
    """In the mean over the styles; `nano.evaluate` says for which it helps."""
    source, targets = still
    gains = []
    for style in STYLES:
        once, twice = (run(shipped, TRAINING_PHRASES[style][0], source[:12], steps=steps)[-4:] for steps in (1, 2))
        gains.append(decibels(error_between(twice, targets[style])) - decibels(error_between(once, targets[style])))
    assert np.mean(gains) > 0
    assert min(gains) > -1.2  # emboss, the worst, loses 1.0 on many clips


def test_strength_goes_from_the_source_to_the_style(shipped: Stream) -> None:
    clip = next(sources(1, seed=7))
    away = [
        error_between(run(shipped, "sepia", clip, noise_scale=strength)[-4:], clip[-4:])
        for strength in (0.2, 0.4, 0.6, 0.8)
    ]
    assert away == sorted(away)
    assert away[-1] > 4 * away[0]
