import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from media_support import steady

from livegraph import Yuv420p
from livegraph_media.fit import cropped, fitted, letterboxed, scaled_size, turned
from livegraph_media.planes import frame_of

sizes = st.tuples(st.integers(2, 300), st.integers(2, 300))


def ramp(size: tuple[int, int]) -> Yuv420p:
    """Luma that rises to the right, chroma that rises downwards."""
    width, height = size
    y = np.broadcast_to(np.linspace(16, 235, width).astype(np.uint8), (height, width)).copy()
    rows, columns = (height + 1) // 2, (width + 1) // 2
    u = np.broadcast_to(np.linspace(16, 240, rows).astype(np.uint8)[:, None], (rows, columns)).copy()
    return Yuv420p(y, u, u.copy(), "bt709", False)


@steady
@given(sizes, sizes, st.sampled_from(["crop", "letterbox"]))
def test_any_picture_fits_any_size(source: tuple[int, int], target: tuple[int, int], fit) -> None:
    made = fitted(frame_of(ramp(source)), target, fit)
    assert made.y.shape == (target[1], target[0])
    assert made.matrix == "bt709"


@steady
@given(sizes, sizes)
def test_cropping_covers_and_letterboxing_stays_inside(source: tuple[int, int], target: tuple[int, int]) -> None:
    covering, inside = scaled_size(source, target, "crop"), scaled_size(source, target, "letterbox")
    assert all(covering[axis] >= target[axis] for axis in (0, 1))
    assert all(1 <= inside[axis] <= target[axis] for axis in (0, 1))
    assert any(covering[axis] == target[axis] for axis in (0, 1))
    assert any(inside[axis] == target[axis] for axis in (0, 1))


def test_the_crop_is_the_middle_and_a_view() -> None:
    picture = ramp((100, 40))
    made = cropped(picture, (40, 40))
    assert np.array_equal(made.y, picture.y[:, 30:70])
    assert np.array_equal(made.u, picture.u[:, 15:35])
    assert np.shares_memory(made.y, picture.y)


def test_the_letterbox_is_black_around_the_middle() -> None:
    made = letterboxed(ramp((40, 20)), (40, 40))
    assert np.all(made.y[:10] == 16)
    assert np.all(made.y[30:] == 16)
    assert np.array_equal(made.y[10:30], ramp((40, 20)).y)
    assert np.all(made.u[:5] == 128)


@pytest.mark.parametrize("quarters", range(4))
def test_turns_are_anticlockwise(quarters: int) -> None:
    picture = ramp((40, 20))
    made = turned(picture, quarters)
    assert np.array_equal(made.y, np.rot90(picture.y, quarters))
    assert np.array_equal(made.u, np.rot90(picture.u, quarters))
