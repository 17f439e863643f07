"""Pictures, and SDL's dummy driver, on which everything is drawn and nothing is seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from livegraph import Image


@pytest.fixture
def dummy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


def _colours(width: int, height: int) -> Image:
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2, 0] = 255
    picture[: height // 2, width // 2 :, 1] = 255
    picture[height // 2 :, : width // 2, 2] = 255
    picture[height // 2 :, width // 2 :] = 255
    return picture


@pytest.fixture
def colours() -> Callable[[int, int], Image]:
    """`colours(width, height)`: a red, a green, a blue and a white quarter."""
    return _colours
