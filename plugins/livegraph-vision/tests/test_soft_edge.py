from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from livegraph import Frame, Image, Yuv420p
from livegraph_vision.edges import gradient
from livegraph_vision.planes import neutral_chroma
from livegraph_vision.soft_edge import SoftEdge

Build = Callable[..., Any]
SECOND = 1_000_000_000


def step(dark: int, bright: int) -> Image:
    picture = np.full((64, 128), dark, np.uint8)
    picture[:, 64:] = bright
    return picture


def test_the_gradient_is_its_length_within_five_percent(grey: Image) -> None:
    dx, dy = (cv2.Sobel(grey, cv2.CV_64F, *order) for order in ((1, 0), (0, 1)))
    exact = np.clip(np.hypot(dx, dy) / 4, 0, 255)[1:-1, 1:-1]
    found = gradient(grey, 0.25)[1:-1, 1:-1]
    assert np.abs(found - exact).max() <= 2 + 0.05 * exact.max()


def test_a_step_is_a_bright_line_with_soft_shoulders(build: Build) -> None:
    row = build(SoftEdge).process(Frame(0, data=step(20, 220))).data[32].astype(int)
    assert row[63:65].min() > 200 and row[:40].max() == 0 and row[90:].max() == 0
    assert (np.diff(row[40:64]) >= 0).all() and (np.diff(row[64:90]) <= 0).all()
    assert ((row > 10) & (row < 200)).sum() >= 4


def test_more_octaves_are_wider(build: Build) -> None:
    widths = [(build(SoftEdge, octaves=n).process(Frame(0, data=step(20, 220))).data[32] > 30).sum() for n in (1, 3, 5)]
    assert widths[0] < widths[1] < widths[2]


def test_a_dim_picture_comes_out_as_bright_as_a_bright_one(build: Build, grey: Image) -> None:
    dim = (grey // 2).astype(np.uint8)
    bright, brought_up = (build(SoftEdge).process(Frame(0, data=picture)).data.mean() for picture in (grey, dim))
    assert brought_up == pytest.approx(bright, rel=0.15)


def test_faint_noise_stays_dark(build: Build) -> None:
    noise = np.random.default_rng(0).normal(100, 1.5, (90, 160)).round().astype(np.uint8)
    assert build(SoftEdge).process(Frame(0, data=noise)).data.mean() < 40


def test_black_and_white_are_those_of_the_range(build: Build, yuv: Yuv420p) -> None:
    limited = build(SoftEdge, strength=8).process(Frame(0, data=yuv)).data
    flat = build(SoftEdge).process(Frame(0, data=Yuv420p(np.full((90, 160), 99, np.uint8), yuv.u, yuv.v))).data
    assert limited.y.max() == 235 and limited.y.min() >= 16 and (flat.y == 16).all()
    assert limited.u is limited.v is neutral_chroma(90, 160)


def test_gain_follows_the_scene_slowly_and_forgets_at_a_jump(build: Build) -> None:
    strong, weak = step(0, 255), step(100, 140)
    settled = build(SoftEdge, adapt=0).process(Frame(0, data=weak)).data.max()
    node = build(SoftEdge, adapt=2.0)
    node.process(Frame(0, data=strong))
    maxima = [int(node.process(Frame(SECOND * n // 10, data=weak)).data.max()) for n in range(1, 120)]
    assert maxima[0] < settled / 2
    assert all(0 <= later - earlier <= 8 for earlier, later in pairwise(maxima))
    assert maxima[-1] == pytest.approx(settled, abs=3)
    node.reset()
    assert node.process(Frame(20 * SECOND, data=strong)).data.max() > 200


def test_the_same_stream_gives_the_same_pictures(build: Build, grey: Image) -> None:
    frames = [Frame(n * SECOND // 25, data=np.roll(grey, n, 1)) for n in range(5)]
    one, other = ([build_.process(frame).data for frame in frames] for build_ in (build(SoftEdge), build(SoftEdge)))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (7, 7), (33, 17)])
def test_tiny_and_odd_pictures_are_no_trouble(build: Build, shape: tuple[int, int]) -> None:
    assert build(SoftEdge, octaves=6).process(Frame(0, data=np.zeros(shape, np.uint8))).data.shape == shape
