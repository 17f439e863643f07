import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from media_support import numbered, steady, write_video

from livegraph_media import read_frame_number
from livegraph_media.convert import rgb24_to_gray8, rgb24_to_yuv420p
from livegraph_media.frame_number import BITS, CELLS, draw_frame_number, strip_height
from livegraph_media.planes import resized, rgb24_of, wrapped, yuv420p_of

numbers = st.integers(0, 2**BITS - 1)


@steady
@given(numbers, st.integers(2 * CELLS, 900), st.integers(16, 500))
def test_any_number_reads_back_at_any_size(number: int, width: int, height: int) -> None:
    assert read_frame_number(numbered(number, (width, height))) == number


@steady
@given(numbers)
def test_every_pixel_format_reads_the_same(number: int) -> None:
    picture = numbered(number)
    assert read_frame_number(rgb24_to_yuv420p(picture)) == number
    assert read_frame_number(rgb24_to_gray8(picture)) == number


@steady
@given(numbers, st.sampled_from([(160, 90), (333, 250), (640, 640), (1280, 720)]))
def test_scaling_leaves_it_readable(number: int, size: tuple[int, int]) -> None:
    frame = wrapped(numbered(number, (320, 180)))
    assert read_frame_number(rgb24_of(resized(frame, size, "rgb24", "bt601", True))) == number


def test_h264_at_low_quality_leaves_it_readable(tmp_path) -> None:
    rng = np.random.default_rng(7)
    pictures = []
    for number in range(30):
        picture = rng.integers(0, 255, (144, 256, 3), dtype=np.uint8)
        draw_frame_number(picture, number * 31_337)
        pictures.append(picture)
    path = write_video(tmp_path / "noise.mp4", pictures, crf=40)
    with av.open(str(path)) as video:
        read = [read_frame_number(yuv420p_of(frame)) for frame in video.decode(video=0)]
    assert read == [number * 31_337 % 2**BITS for number in range(30)]


@steady
@given(numbers, st.integers(0, CELLS - 1))
def test_one_wrong_cell_is_noticed(number: int, cell: int) -> None:
    picture = numbered(number, (CELLS * 8, 64))
    strip = picture[-strip_height(64) :, cell * 8 : cell * 8 + 8]
    strip[:] = 255 - strip
    assert read_frame_number(picture) is None


@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_picture_without_a_strip_has_no_number(level: int) -> None:
    assert read_frame_number(np.full((120, 160, 3), level, np.uint8)) is None


def test_grey_cells_are_not_guessed() -> None:
    picture = numbered(1234, (CELLS * 8, 64))
    picture[-strip_height(64) :, 40:48] = 128
    assert read_frame_number(picture) is None


def test_too_narrow_a_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 64"):
        draw_frame_number(np.zeros((48, 63, 3), np.uint8), 1)
