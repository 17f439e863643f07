"""Every node in a graph, with pictures of awkward sizes in every pixel format."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from livegraph import EndOfStream, Frame, NodeSpec, Out, Param, Size, Source, Video, Yuv420p, hookimpl, size_of
from livegraph.testing import run_graph

SIZES = [(1, 1), (1, 50), (2, 1), (7, 5), (1921, 1081)]
FRAMES = 3
MODES = ["over", "add", "screen", "multiply", "difference"]


class Noise(Source):
    """Pictures of noise in the one format that the class gives."""

    out: Out[Video] = Out(formats=("rgb24",))
    width: int = Param(1, doc="pixels")
    height: int = Param(1, doc="pixels")
    frames: ClassVar[int] = FRAMES

    async def setup(self) -> None:
        self._count = 0
        self._random = np.random.default_rng(1)

    async def read(self) -> Frame | EndOfStream:
        self._count += 1
        if self._count > self.frames:
            return EndOfStream()
        return self.frame(self._picture(), self._count * 40_000_000, 40_000_000)

    def _picture(self) -> Any:
        return self._plane(self.height, self.width, 3)

    def _plane(self, *shape: int) -> Any:
        return self._random.integers(0, 256, shape, np.uint8)


class GreyNoise(Noise):
    out: Out[Video] = Out(formats=("gray8",))

    def _picture(self) -> Any:
        return self._plane(self.height, self.width)


class YuvNoise(Noise):
    out: Out[Video] = Out(formats=("yuv420p",))

    def _picture(self) -> Any:
        chroma = (self.height + 1) // 2, (self.width + 1) // 2
        return Yuv420p(self._plane(self.height, self.width), self._plane(*chroma), self._plane(*chroma))


class Sources:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [
            NodeSpec("noise.rgb24", Noise),
            NodeSpec("noise.gray8", GreyNoise),
            NodeSpec("noise.yuv420p", YuvNoise),
        ]


def sizes_through(pixels: str, size: Size, use: str, inputs: Any, params: dict[str, Any]) -> list[Size]:
    """The sizes of the pictures that come out of a node."""
    noise = {"use": f"noise.{pixels}", "params": {"width": size[0], "height": size[1]}}
    small = {"use": f"noise.{pixels}", "params": {"width": 3, "height": 1}}
    nodes = {
        "noise": noise,
        "n": {"use": use, "in": inputs, "params": params},
        "end": {"use": "test.collect", "in": "n"},
    }
    if "small" in str(inputs):
        nodes["small"] = small
    result = run_graph({"livegraph": 1, "mode": "offline", "nodes": nodes}, plugins=[Sources()])
    assert result.outcome.error is None
    return [size_of(picture) for picture in result.payloads("end")]


@pytest.mark.parametrize("pixels", ["yuv420p", "rgb24", "gray8"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    ("use", "inputs", "params"),
    [
        ("vision.canny", "noise", {}),
        ("vision.soft_edge", "noise", {}),
        ("vision.temporal_blend", {"video": "noise"}, {}),
        ("vision.similarity_skip", {"video": "noise"}, {}),
        *(("vision.composite", {"a": "noise", "b": "noise"}, {"mode": mode}) for mode in MODES),
        ("vision.composite", {"a": "noise", "b": "small"}, {"opacity": 0.5}),
    ],
)
def test_a_picture_of_any_size_keeps_it(use: str, inputs: Any, params: dict[str, Any], size: Size, pixels: str) -> None:
    found = sizes_through(pixels, size, use, inputs, params)
    assert set(found) == {size}
    assert len(found) == FRAMES or use == "vision.similarity_skip"


@pytest.mark.parametrize("pixels", ["yuv420p", "rgb24", "gray8"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("mode", ["letterbox", "fill", "stretch", "fit"])
def test_any_size_is_brought_to_any_other(mode: str, size: Size, pixels: str) -> None:
    for wanted in ((33, 21), (640, 360)):
        found = sizes_through(
            pixels, size, "vision.resize", "noise", {"size": f"{wanted[0]}x{wanted[1]}", "mode": mode}
        )
        assert len(found) == FRAMES
        assert set(found) == {wanted} or mode == "fit"
