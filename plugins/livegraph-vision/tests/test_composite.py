from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from livegraph import Frame, Image
from livegraph_vision.composite import Composite

Build = Callable[..., Any]

LAYERS: dict[str, Callable[[Any, Any], Any]] = {
    "over": lambda x, y: y,
    "add": lambda x, y: np.minimum(1, x + y),
    "screen": lambda x, y: 1 - (1 - x) * (1 - y),
    "multiply": lambda x, y: x * y,
    "difference": lambda x, y: abs(x - y),
}


@pytest.fixture
def above(rgb: Image) -> Image:
    return np.ascontiguousarray(255 - rgb[::-1])


@pytest.mark.parametrize("mode", list(LAYERS))
@pytest.mark.parametrize("opacity", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("masked", [False, True])
def test_every_mode_follows_its_formula(
    build: Build, rgb: Image, above: Image, mode: str, opacity: float, masked: bool
) -> None:
    mask = np.random.default_rng(1).integers(0, 256, (90, 160), np.uint8) if masked else None
    node = build(Composite, mode=mode, opacity=opacity)
    out = node.process(Frame(0, data=rgb), Frame(0, data=above), Frame(0, data=mask) if masked else None).data
    x, y = rgb / 255.0, above / 255.0
    share = opacity * (mask[:, :, None] / 255.0 if mask is not None else 1.0)
    exact = 255 * (x + (LAYERS[mode](x, y) - x) * share)
    assert np.abs(out - exact).max() <= (2.01 if masked else 1.01)


def test_without_b_and_at_no_opacity_a_passes_untouched(build: Build, rgb: Image) -> None:
    frame = Frame(0, data=rgb)
    assert build(Composite).process(frame) is frame
    assert build(Composite).process(frame, None, Frame(0, data=rgb[:, :, 0])) is frame
    assert build(Composite, opacity=0).process(frame, Frame(0, data=rgb[::-1])) is frame


def test_a_mask_of_black_and_white_cuts_exactly(build: Build, rgb: Image, above: Image) -> None:
    mask = np.zeros((90, 160), np.uint8)
    mask[:, 80:] = 255
    for mode in ("over", "mask"):
        out = build(Composite, mode=mode).process(Frame(0, data=rgb), Frame(0, data=above), Frame(0, data=mask)).data
        np.testing.assert_array_equal(out[:, :80], rgb[:, :80])
        np.testing.assert_array_equal(out[:, 80:], above[:, 80:])


def test_mask_without_a_mask_takes_the_brightness_of_b(build: Build, rgb: Image) -> None:
    lines = np.zeros((90, 160, 3), np.uint8)
    lines[40:50] = 255
    out = build(Composite, mode="mask").process(Frame(0, data=rgb), Frame(0, data=lines)).data
    assert (out[40:50] == 255).all()
    np.testing.assert_array_equal(out[:40], rgb[:40])


def test_b_and_the_mask_take_the_size_of_a(build: Build, rgb: Image) -> None:
    small = np.full((9, 16, 3), 200, np.uint8)
    mask = np.full((30, 40), 255, np.uint8)
    out = build(Composite).process(Frame(0, data=rgb), Frame(0, data=small), Frame(0, data=mask)).data
    assert out.shape == rgb.shape and (out == 200).all()


def test_nothing_given_is_written(build: Build, rgb: Image, above: Image) -> None:
    mask = np.full((90, 160), 99, np.uint8)
    before = rgb.copy(), above.copy(), mask.copy()
    for mode in (*LAYERS, "mask"):
        build(Composite, mode=mode, opacity=0.5).process(Frame(0, data=rgb), Frame(0, data=above), Frame(0, data=mask))
    for given, kept in zip((rgb, above, mask), before, strict=True):
        np.testing.assert_array_equal(given, kept)
