from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from livegraph import Frame, Image, PixelFormat, Yuv420p
from livegraph_vision.canny import Canny
from livegraph_vision.luma import expand
from livegraph_vision.planes import neutral_chroma

Build = Callable[..., Any]


@pytest.mark.parametrize("l2gradient", [True, False])
def test_edges_of_limited_luma_are_opencvs_with_scaled_thresholds(build: Build, yuv: Yuv420p, l2gradient: bool) -> None:
    out = build(Canny, low=80, high=160, l2gradient=l2gradient).process(Frame(7, data=yuv)).data
    expected = cv2.Canny(np.ascontiguousarray(yuv.y), 80 * 219 / 255, 160 * 219 / 255, L2gradient=l2gradient)
    assert 100 < (expected > 0).sum() < expected.size // 2
    np.testing.assert_array_equal(out.y, np.where(expected > 0, 235, 16))


def test_thresholds_mean_the_same_in_both_ranges(build: Build, yuv: Yuv420p) -> None:
    limited = build(Canny).process(Frame(0, data=yuv)).data.y == 235
    full = build(Canny).process(Frame(0, data=expand(yuv.y))).data == 255
    assert (limited & full).sum() / (limited | full).sum() > 0.94  # they differ by the rounding of levels alone


def test_yuv_stays_yuv_and_chroma_is_one_shared_plane(build: Build, yuv: Yuv420p) -> None:
    node = build(Canny, {"out": "yuv420p"})
    frame = Frame(5, 1, data=yuv, meta={"take": 3})
    first, second = node.process(frame), node.process(frame)
    assert first.data.u is first.data.v is second.data.u is neutral_chroma(90, 160)
    assert (first.data.matrix, first.data.full_range) == ("bt709", False)
    assert (first.pts_ns, first.meta) == (5, {"take": 3})


def test_full_range_in_is_full_range_out(build: Build, grey: Image) -> None:
    neutral = neutral_chroma(*grey.shape)
    out = build(Canny).process(Frame(0, data=Yuv420p(grey, neutral, neutral, full_range=True))).data
    assert out.full_range
    np.testing.assert_array_equal(out.y, cv2.Canny(grey, 100, 200))


@pytest.mark.parametrize("source", ["yuv", "grey", "rgb"])
@pytest.mark.parametrize(("target", "levels"), [("yuv420p", {16, 235}), ("gray8", {0, 255}), ("rgb24", {0, 255})])
def test_every_format_into_every_format(
    build: Build, request: pytest.FixtureRequest, source: str, target: PixelFormat, levels: set[int]
) -> None:
    picture = request.getfixturevalue(source)
    out = build(Canny, {"out": target}, low=40, high=80).process(Frame(0, data=picture)).data
    plane = out.y if isinstance(out, Yuv420p) else out
    assert plane.shape[:2] == (90, 160) and plane.ndim == (3 if target == "rgb24" else 2)
    assert set(np.unique(plane)) == levels


def test_low_above_high_change_places(build: Build, grey: Image) -> None:
    one, other = (
        build(Canny, low=low, high=high).process(Frame(0, data=grey)).data for low, high in ((50, 90), (90, 50))
    )
    np.testing.assert_array_equal(one, other)


def test_the_input_is_not_written(build: Build, grey: Image) -> None:
    before = grey.copy()
    build(Canny).process(Frame(0, data=grey))
    np.testing.assert_array_equal(grey, before)
