from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph_vision.sizes import Fit, parse_size, place

lengths = st.integers(2, 3000)
sizes = st.tuples(lengths, lengths)
modes: st.SearchStrategy[Fit] = st.sampled_from(["fit", "fill", "stretch", "letterbox"])


@given(sizes, sizes, modes)
def test_everything_stays_inside_and_is_even_where_it_may(
    source: tuple[int, int], target: tuple[int, int], mode: Fit
) -> None:
    crop, inner, outer = place(source, target, mode)
    for rect, box in ((crop, source), (inner, outer)):
        assert rect.x >= 0 and rect.y >= 0 and rect.width >= 1 and rect.height >= 1
        assert rect.x + rect.width <= box[0] and rect.y + rect.height <= box[1]
        assert rect.x % 2 == rect.y % 2 == 0
    assert outer == target or (mode == "fit" and outer[0] <= target[0] and outer[1] <= target[1])


@given(sizes, sizes, modes)
def test_aspect_is_kept_within_the_rounding(source: tuple[int, int], target: tuple[int, int], mode: Fit) -> None:
    if mode == "stretch":
        return
    crop, inner, _ = place(source, target, mode)
    across, down = inner.width / crop.width, inner.height / crop.height
    assert abs(inner.width - crop.width * down) <= 2 * max(1, down) or abs(
        inner.height - crop.height * across
    ) <= 2 * max(1, across)


@pytest.mark.parametrize(
    ("mode", "crop", "inner", "outer"),
    [
        ("letterbox", (0, 0, 1280, 720), (0, 6, 832, 468), (832, 480)),
        ("fill", (16, 0, 1248, 720), (0, 0, 832, 480), (832, 480)),
        ("stretch", (0, 0, 1280, 720), (0, 0, 832, 480), (832, 480)),
        ("fit", (0, 0, 1280, 720), (0, 0, 832, 468), (832, 468)),
    ],
)
def test_the_four_ways_from_720p(mode: Fit, crop: object, inner: object, outer: object) -> None:
    assert place((1280, 720), (832, 480), mode) == (crop, inner, outer)


def test_a_size_is_read_as_it_is_written() -> None:
    assert parse_size("640x360") == (640, 360)
