"""Stills from files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from livegraph import InputError
from livegraph_wan.picture import picture_size, read_picture, shaped_like


def test_what_does_not_fit_is_cut_off_evenly(tmp_path: Path) -> None:
    pixels = np.zeros((20, 60, 3), np.uint8)
    pixels[:, 20:40] = (10, 200, 30)
    Image.fromarray(pixels).save(tmp_path / "still.png")
    assert picture_size(tmp_path / "still.png") == (60, 20)
    assert (read_picture(tmp_path / "still.png", (20, 20))[:, 2:18] == (10, 200, 30)).all()


def test_a_photograph_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter to the right
    image = Image.new("RGB", (40, 20))
    image.paste((255, 0, 0), (0, 0, 20, 20))
    image.save(tmp_path / "still.jpg", exif=exif, quality=95)
    assert picture_size(tmp_path / "still.jpg") == (20, 40)
    upright = read_picture(tmp_path / "still.jpg", (20, 40)).astype(int)
    assert upright[5, 10, 0] > 200
    assert upright[35, 10, 0] < 50


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "CMYK"])
def test_every_kind_of_picture_becomes_rgb(mode: str, tmp_path: Path) -> None:
    path = tmp_path / ("still.tif" if mode == "CMYK" else "still.png")
    Image.new(mode, (16, 16)).save(path)
    assert read_picture(path, (16, 16)).shape == (16, 16, 3)


def test_what_is_transparent_is_black(tmp_path: Path) -> None:
    Image.new("RGBA", (16, 16), (255, 255, 255, 0)).save(tmp_path / "still.png")
    assert (read_picture(tmp_path / "still.png", (16, 16)) == 0).all()


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no picture")
    Image.effect_noise((64, 64), 50).save(tmp_path / "cut.png")
    whole = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"note\.txt is no picture that can be read"):
        read_picture(tmp_path / "note.txt", (16, 16))
    with pytest.raises(InputError, match=r"cut\.png is no picture that can be read"):
        read_picture(tmp_path / "cut.png", (16, 16))
    with pytest.raises(InputError, match=r"no picture .*gone\.png"):
        picture_size(tmp_path / "gone.png")


@pytest.mark.parametrize(
    ("picture", "size"),
    [((1920, 1080), (832, 464)), ((1080, 1920), (464, 832)), ((500, 500), (624, 624)), ((9000, 90), (6304, 48))],
)
def test_a_size_has_the_stills_shape_and_the_models_area(picture: tuple[int, int], size: tuple[int, int]) -> None:
    assert shaped_like(picture, (832, 480)) == size
