from __future__ import annotations

import pytest

from livegraph.wording import counted, there_are


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "0 frames"), (1, "1 frame"), (2, "2 frames"), (2.5, "2.5 frames"), (1_234_567, "1234567 frames")],
)
def test_one_is_no_plural(number: float, told: str) -> None:
    assert counted(number, "frame") == told


def test_a_list_of_one_is_no_plural() -> None:
    assert there_are(["video"]) == "There is video."
    assert there_are(["video", "mask"]) == "There are video, mask."
    assert there_are([]) == "It has none."
    assert there_are({}, none="") == ""
