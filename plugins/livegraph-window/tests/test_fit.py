from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from livegraph_window.fit import fitted, window_size
from livegraph_window.show import Show

lengths = st.integers(1, 4000)
sizes = st.tuples(lengths, lengths)


@given(sizes, sizes)
def test_the_picture_fills_one_side_and_stays_inside(picture: tuple[int, int], window: tuple[int, int]) -> None:
    x, y, width, height = fitted(picture, window)
    assert width == window[0] or height == window[1]
    assert x >= 0 and y >= 0 and x + width <= window[0] and y + height <= window[1]
    assert abs((window[0] - width) - 2 * x) <= 1 and abs((window[1] - height) - 2 * y) <= 1
    scale = min(window[0] / picture[0], window[1] / picture[1])
    assert abs(width - picture[0] * scale) <= 1 and abs(height - picture[1] * scale) <= 1


@pytest.mark.parametrize(
    ("asked", "picture", "expected"),
    [
        ("800x600", (1280, 720), (800, 600)),
        ("auto", (1280, 720), (1280, 720)),
        ("auto", (256, 256), (512, 512)),
        ("auto", (160, 90), (1280, 720)),
        ("auto", (3840, 2160), (1728, 972)),
        ("auto", (100, 4000), (24, 972)),
    ],
)
def test_the_size_of_the_window(asked: str, picture: tuple[int, int], expected: tuple[int, int]) -> None:
    assert window_size(asked, picture, (1920, 1080)) == expected


@pytest.mark.parametrize("size", ["big", "0x10", "640", "640x", "-1x5", "640x480x3"])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    with pytest.raises(ValidationError, match="size"):
        Show.Params(size=size)
