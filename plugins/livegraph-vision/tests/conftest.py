"""Nodes set up as the runtime does it, and pictures to give them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
import pytest

from livegraph import Context, Image, Node, PixelFormat, Yuv420p


class NoClock:
    def now_ns(self) -> int:
        return 0

    async def sleep_until(self, when_ns: int) -> None: ...


def _build(cls: type[Node], formats: Mapping[str, PixelFormat] | None = None, seed: int = 0, **params: Any) -> Any:
    node = cls(cls.Params(**params), Context("test", "offline", NoClock(), seed=seed, formats=formats or {}))
    node.setup()
    return node


@pytest.fixture
def build() -> Callable[..., Any]:
    """`build(Canny, {"out": "gray8"}, low=50)`: a node that is set up."""
    return _build


@pytest.fixture
def grey() -> Image:
    """Smooth blobs with edges, uint8 [90, 160], 16..235."""
    noise = np.random.default_rng(3).normal(128, 40, (90, 160)).astype(np.float32)
    return np.clip(cv2.GaussianBlur(noise, (0, 0), 2) * 6 - 640, 16, 235).astype(np.uint8)


@pytest.fixture
def yuv(grey: Image) -> Yuv420p:
    """`grey` with colour, limited range, BT.709, and rows that are padded as in a decoder's buffer."""
    padded = np.zeros((90, 192), np.uint8)
    padded[:, :160] = grey
    chroma = np.zeros((2, 45, 96), np.uint8)
    chroma[0, :, :80], chroma[1, :, :80] = grey[::2, ::2], grey[::-2, ::-2]
    return Yuv420p(padded[:, :160], chroma[0, :, :80], chroma[1, :, :80], "bt709")


@pytest.fixture
def rgb(grey: Image) -> Image:
    return np.ascontiguousarray(np.dstack([grey, grey[::-1], grey[:, ::-1]]))
