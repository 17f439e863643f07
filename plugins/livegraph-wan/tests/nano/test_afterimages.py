"""The styles with a memory: recursions that look back only, for as long as light takes to fade."""

import pytest
import torch

from livegraph_wan.nano.afterimages import MEMORY_STYLES, held
from livegraph_wan.nano.drawn import pendulums
from livegraph_wan.nano.filters import luma
from livegraph_wan.nano.styles import STYLES


@pytest.fixture(scope="module")
def clip() -> torch.Tensor:
    return pendulums(torch.Generator().manual_seed(2), 12, 64).clamp(0, 1)


def test_light_fades_at_its_rate_and_no_faster() -> None:
    flash = torch.tensor([0.2, 1.0, 0.0, 0.0, 0.3])
    torch.testing.assert_close(held(flash, 0.5), torch.tensor([0.2, 1.0, 0.5, 0.25, 0.3]))


@pytest.mark.parametrize("style", MEMORY_STYLES)
def test_the_future_does_not_matter_but_the_past_does(style: str, clip: torch.Tensor) -> None:
    whole = STYLES[style](clip)
    torch.testing.assert_close(STYLES[style](clip[:8]), whole[:8])
    assert (STYLES[style](clip[4:])[-1] - whole[-1]).abs().max() > 0.05


@pytest.mark.parametrize("style", sorted(set(STYLES) - set(MEMORY_STYLES)))
def test_the_others_see_one_frame_at_a_time(style: str, clip: torch.Tensor) -> None:
    torch.testing.assert_close(STYLES[style](clip[4:]), STYLES[style](clip)[4:])


@pytest.mark.parametrize("style", MEMORY_STYLES)
def test_what_was_bright_changes_colour_as_it_fades(style: str) -> None:
    clip = torch.zeros(40, 3, 32, 32)
    clip[0] = 1
    faded = STYLES[style](clip)[:, :, 16, 16]
    light = luma(faded.view(40, 3, 1, 1)).flatten()
    assert (light.diff() <= 1e-6).all()
    assert light[39] < 0.3 * light[0]
    share = faded / faded.sum(1, keepdim=True)
    assert share[20, 2] > share[0, 2] + 0.15  # towards blue


@pytest.mark.parametrize("style", MEMORY_STYLES)
def test_a_still_picture_has_no_trail(style: str, clip: torch.Tensor) -> None:
    still = clip[:1].expand(6, -1, -1, -1)
    torch.testing.assert_close(STYLES[style](still)[5], STYLES[style](still)[0])
