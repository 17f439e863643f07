from __future__ import annotations

import numpy as np
import pytest

from livegraph import Image, InputError, Yuv420p
from livegraph_vision.planes import neutral_chroma, planes_of, with_planes


def test_neutral_chroma_is_one_read_only_object_per_size() -> None:
    assert neutral_chroma(5, 7) is neutral_chroma(5, 7)
    assert neutral_chroma(5, 7).shape == (3, 4) and (neutral_chroma(5, 7) == 128).all()
    assert not neutral_chroma(5, 7).flags.writeable


def test_a_picture_comes_apart_and_together_again(yuv: Yuv420p, rgb: Image) -> None:
    again = with_planes(yuv, planes_of(yuv))
    assert isinstance(again, Yuv420p)
    assert (again.y, again.matrix, again.full_range) == (yuv.y, "bt709", False)
    assert with_planes(rgb, planes_of(rgb)) is rgb


@pytest.mark.parametrize("payload", [None, "text", np.zeros((4, 4), np.float32), np.zeros((4, 4, 4), np.uint8)])
def test_what_is_no_picture_is_named(payload: object) -> None:
    with pytest.raises(InputError, match=r"expected a picture .* got a"):
        planes_of(payload)  # type: ignore[arg-type]
