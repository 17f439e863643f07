"""Styles are targets: they must be defined everywhere, steady under noise, and unlike each other."""

import pytest
import torch

from livegraph_wan.nano.scenes import make_clip, make_held_back_clip, photograph
from livegraph_wan.nano.styles import STYLES


@pytest.fixture(scope="module")
def picture() -> torch.Tensor:
    return torch.nn.functional.interpolate(photograph("astronaut"), (128, 128), mode="bilinear", antialias=True)


@pytest.mark.parametrize("style", STYLES)
def test_a_style_is_steady_under_camera_noise(style: str, picture: torch.Tensor) -> None:
    noise = 0.012 * torch.randn(picture.shape, generator=torch.Generator().manual_seed(1))
    plain, noisy = (STYLES[style](x.clamp(0, 1)) for x in (picture, picture + noise))
    assert plain.shape == picture.shape
    assert plain.isfinite().all()
    assert -0.01 <= plain.min() <= plain.max() <= 1.01
    assert (plain - noisy).std() <= noise.std() * 1.05


@pytest.mark.parametrize("style", sorted(set(STYLES) - {"photograph"}))
def test_a_style_changes_the_picture_by_more_than_noise(style: str, picture: torch.Tensor) -> None:
    assert (STYLES[style](picture) - picture).square().mean().sqrt() > 0.04


def test_no_two_styles_look_alike(picture: torch.Tensor) -> None:
    made = {name: style(picture) for name, style in STYLES.items()}
    names = list(made)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            assert (made[a] - made[b]).square().mean().sqrt() > 0.04, (a, b)


@pytest.mark.parametrize("style", ["halftone", "mosaic", "oil"])
def test_patterns_repeat_with_the_token_grid(style: str) -> None:
    flat = torch.full((1, 3, 128, 128), 0.6)
    made = STYLES[style](flat)[..., 16:-16, 16:-16]
    torch.testing.assert_close(made[..., 16:, :], made[..., :-16, :], atol=1e-4, rtol=0)
    torch.testing.assert_close(made[..., 16:], made[..., :-16], atol=1e-4, rtol=0)


def test_clips_follow_their_seed_and_move() -> None:
    one, again, other = (make_clip(torch.Generator().manual_seed(seed), 8, 64) for seed in (5, 5, 6))
    assert one.equal(again)
    assert not one.equal(other)
    moving = make_held_back_clip(torch.Generator().manual_seed(1), 8, 64, 1)
    assert moving.shape == (8, 64, 64, 3)
    assert not moving[0].equal(moving[-1])


def test_lively_clips_move() -> None:
    rng = torch.Generator().manual_seed(2)

    def still(lively: bool) -> int:
        clips = (make_clip(rng, 4, 32, lively=lively).float() for _ in range(60))
        return sum(bool((clip[0] - clip[-1]).abs().mean() < 3) for clip in clips)

    assert still(lively=True) < still(lively=False)
