from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from livegraph import Frame, Image, Yuv420p, pixel_format, size_of
from livegraph_vision.resize import Resize
from livegraph_vision.scaling import FILTERS, scale, scale_plane

Build = Callable[..., Any]


@pytest.mark.parametrize("interpolation", list(FILTERS))
def test_a_named_filter_is_opencvs(build: Build, rgb: Image, interpolation: str) -> None:
    node = build(Resize, size="70x50", mode="stretch", interpolation=interpolation)
    expected = cv2.resize(rgb, (70, 50), interpolation=FILTERS[interpolation])  # type: ignore[index]
    np.testing.assert_array_equal(node.process(Frame(0, data=rgb)).data, expected)


@pytest.mark.parametrize("size", [(104, 60), (80, 45), (53, 31), (40, 22), (16, 16)])
def test_auto_on_the_way_down_is_near_the_average_of_areas(grey: Image, size: tuple[int, int]) -> None:
    coarse = cv2.GaussianBlur(grey, (0, 0), 80 / size[0] + 2)  # what the smaller picture can hold
    error = scale_plane(coarse, size).astype(float) - cv2.resize(coarse, size, interpolation=cv2.INTER_AREA)
    assert np.sqrt((error**2).mean()) < 2.5


def test_auto_does_not_alias() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 64))
    assert np.abs(scale_plane(stripes, (32, 32)).astype(int) - 128).max() <= 1


def test_auto_on_the_way_up_is_linear(grey: Image) -> None:
    expected = cv2.resize(grey, (300, 200), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(scale_plane(grey, (300, 200)), expected)


@pytest.mark.parametrize("full_range", [False, True])
def test_letterbox_bars_are_black_in_the_range_of_the_picture(build: Build, yuv: Yuv420p, full_range: bool) -> None:
    source = Yuv420p(yuv.y, yuv.u, yuv.v, yuv.matrix, full_range)
    out = build(Resize, size="80x80").process(Frame(0, data=source)).data
    assert (out.matrix, out.full_range, size_of(out)) == ("bt709", full_range, (80, 80))
    black = 0 if full_range else 16
    assert (out.y[:18] == black).all() and (out.y[62:] == black).all()
    assert (out.u[:9] == 128).all() and (out.v[31:] == 128).all()
    np.testing.assert_array_equal(out.y[18:62], scale_plane(source.y, (80, 44)))
    np.testing.assert_array_equal(out.u[9:31], scale_plane(source.u, (40, 22)))


def test_bars_of_rgb_and_grey_are_zero(build: Build, rgb: Image, grey: Image) -> None:
    for picture in (rgb, grey):
        out = build(Resize, size="200x60").process(Frame(0, data=picture)).data
        assert not out[:, :46].any() and not out[:, 154:].any() and out[:, 60:140].any()


def test_fill_cuts_the_middle_out(build: Build, yuv: Yuv420p) -> None:
    out = build(Resize, size="90x90", mode="fill").process(Frame(0, data=yuv)).data
    np.testing.assert_array_equal(out.y, yuv.y[:, 34:124])
    np.testing.assert_array_equal(out.u, yuv.u[:, 17:62])


def test_fit_has_no_bars(build: Build, yuv: Yuv420p) -> None:
    out = build(Resize, size="80x80", mode="fit").process(Frame(0, data=yuv)).data
    assert size_of(out) == (80, 44)


def test_a_picture_of_the_size_passes_untouched(build: Build, yuv: Yuv420p) -> None:
    frame = Frame(0, data=yuv)
    assert build(Resize, size="160x90").process(frame) is frame


def test_the_size_is_announced_before_any_frame() -> None:
    assert Resize.output_size(Resize.Params(size="832x480")) == (832, 480)


@pytest.mark.parametrize("size", ["auto", "640", "0x4", "640X360", "640x360 "])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    with pytest.raises(ValidationError, match="size"):
        Resize.Params(size=size)


lengths = st.integers(1, 70)


@settings(max_examples=80, deadline=None)
@given(lengths, lengths, lengths, lengths, st.sampled_from(["fill", "stretch", "letterbox", "fit"]))
def test_any_size_to_any_size_in_any_format(width: int, height: int, wide: int, high: int, mode: Any) -> None:
    luma = np.full((height, width), 90, np.uint8)
    chroma = np.full(((height + 1) // 2, (width + 1) // 2), 140, np.uint8)
    for picture in (luma, np.dstack([luma] * 3), Yuv420p(luma, chroma, chroma)):
        out = scale(picture, (wide, high), mode)
        assert pixel_format(out) == pixel_format(picture)
        assert mode == "fit" or size_of(out) == (wide, high)
        plane = out.y if isinstance(out, Yuv420p) else out
        assert (plane == 90).any() and set(np.unique(plane)) <= {0, 16, 90}
