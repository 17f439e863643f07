"""Pictures at the size that a graph asks for."""

from __future__ import annotations

import numpy as np
import pytest

from livegraph import Yuv420p, size_of
from livegraph_webrtc.fit import Fitter, cropped, inner_size, parse_size


def picture(width: int, height: int) -> Yuv420p:
    luma = np.full((height, width), 100, np.uint8)
    luma[:, : width // 4], luma[:, -(width // 4) :] = 50, 200
    chroma = np.full(((height + 1) // 2, (width + 1) // 2), 128, np.uint8)
    return Yuv420p(luma, chroma, chroma, "bt709", True)


def test_sizes_are_read_and_made_even() -> None:
    assert parse_size("auto", None) is None
    assert parse_size("auto", (255, 256)) == (254, 256)
    assert parse_size("source", (256, 256)) is None
    assert parse_size("832x481", None) == (832, 480)


@pytest.mark.parametrize("size", [(256, 256), (320, 240), (98, 300)])
@pytest.mark.parametrize("fit", ["crop", "letterbox"])
def test_every_picture_gets_the_size(size: tuple[int, int], fit: str) -> None:
    said: list[str] = []
    fitter = Fitter(size, fit, said.append)  # type: ignore[arg-type]
    for source in ((640, 360), (640, 360), (361, 641)):
        made = fitter.picture(picture(*source))
        assert size_of(made) == size
        assert (made.matrix, made.full_range) == ("bt709", True)
    assert len(said) == 2


def test_the_very_picture_where_it_has_the_size() -> None:
    given = picture(64, 48)
    assert Fitter((64, 48), "crop", print).picture(given) is given
    assert Fitter(None, "crop", print).picture(given) is given


def test_cropping_keeps_the_middle() -> None:
    made = cropped(picture(640, 360), (1, 1))
    assert size_of(made) == (360, 360)
    assert made.y[0, 0] == 50 and made.y[0, -1] == 200 and made.y[0, 180] == 100


def test_letterboxing_keeps_all_of_it_between_black_bars() -> None:
    made = Fitter((256, 256), "letterbox", lambda text: None).picture(picture(640, 360))
    assert inner_size((640, 360), (256, 256)) == (256, 144)
    assert made.y[10, 128] == 0 and made.u[10, 64] == 128
    assert abs(int(made.y[128, 128]) - 100) <= 1 and abs(int(made.y[128, 2]) - 50) <= 1
