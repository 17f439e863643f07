"""Milliseconds per frame of each node, alone on one core, at 1280x720 and 256x256: python benchmarks/nodes.py"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import numpy as np

from livegraph import Context, Frame, Image, Node, PixelFormat, Yuv420p
from livegraph_vision import converters
from livegraph_vision.canny import Canny
from livegraph_vision.composite import Composite
from livegraph_vision.opencv import cv2
from livegraph_vision.planes import neutral_chroma
from livegraph_vision.resize import Resize
from livegraph_vision.similarity_skip import SimilaritySkip
from livegraph_vision.soft_edge import SoftEdge
from livegraph_vision.temporal_blend import TemporalBlend

CALLS = 100
SIZES = ((1280, 720), (256, 256))


class NoClock:
    def now_ns(self) -> int:
        return 0

    async def sleep_until(self, when_ns: int) -> None: ...


def pictures(size: tuple[int, int], kind: PixelFormat) -> list[Any]:
    """Smooth noise that moves, with edges in it."""
    noise = np.random.default_rng(0).normal(128, 40, (size[1], size[0])).astype(np.float32)
    grey = np.clip(cv2.GaussianBlur(noise, (0, 0), 3) * 6 - 640, 16, 235).astype(np.uint8)
    return [_picture(np.ascontiguousarray(np.roll(grey, 4 * shift, 1)), kind) for shift in range(8)]


def _picture(grey: Image, kind: PixelFormat) -> Any:
    if kind == "gray8":
        return grey
    if kind == "rgb24":
        return np.dstack([grey, grey[::-1], grey[:, ::-1]])
    chroma = np.ascontiguousarray(grey[::2, ::2])
    return Yuv420p(grey, chroma, chroma.copy())


def luma_only(size: tuple[int, int]) -> list[Any]:
    neutral = neutral_chroma(size[1], size[0])
    return [Yuv420p(picture, neutral, neutral) for picture in pictures(size, "gray8")]


def milliseconds(call: Callable[[Any], object], inputs: list[Any]) -> float:
    """The median over CALLS calls."""
    times = []
    for _, given in zip(range(CALLS), cycle(inputs), strict=False):
        start = time.perf_counter()
        call(given)
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def node(cls: type[Node], **params: Any) -> Callable[[Any], object]:
    made = cls(cls.Params(**params), Context("bench", "offline", NoClock()))
    made.setup()
    return lambda picture: made.process(Frame(0, data=picture))


def over(**params: Any) -> Callable[[Any], object]:
    made = Composite(Composite.Params(**params), Context("bench", "offline", NoClock()))
    made.setup()
    return lambda picture: made.process(Frame(0, data=picture), Frame(0, data=picture[::-1]))


def cases(size: tuple[int, int]) -> Iterator[tuple[str, Callable[[Any], object], list[Any]]]:
    yuv, rgb, grey = (pictures(size, kind) for kind in ("yuv420p", "rgb24", "gray8"))
    yield "canny yuv420p", node(Canny), yuv
    yield "canny l2gradient yuv420p", node(Canny, l2gradient=True), yuv
    yield "soft_edge yuv420p", node(SoftEdge), yuv
    yield "temporal_blend trail, luma only", node(TemporalBlend), luma_only(size)
    yield "temporal_blend trail yuv420p", node(TemporalBlend), yuv
    yield "temporal_blend trail rgb24", node(TemporalBlend), rgb
    yield "temporal_blend pair yuv420p", node(TemporalBlend, mode="pair"), yuv
    yield "(cv2.addWeighted, 8 bit, luma)", _eight_bit(grey[0]), grey
    yield "similarity_skip yuv420p", node(SimilaritySkip), yuv
    yield "resize to 256x256 fill yuv420p", node(Resize, size="256x256", mode="fill"), yuv
    yield "resize to 832x480 letterbox yuv420p", node(Resize, size="832x480"), yuv
    yield "resize to 1920x1080 rgb24", node(Resize, size="1920x1080"), rgb
    yield "composite over, opacity 0.5", over(opacity=0.5), rgb
    yield "composite screen", over(mode="screen"), rgb
    yield "composite mask", over(mode="mask"), rgb
    yield "convert yuv420p to gray8", converters.grey_from_yuv, yuv
    yield "convert gray8 to yuv420p", converters.yuv_from_grey, grey
    yield "convert gray8 to rgb24", converters.rgb_from_grey, grey


def _eight_bit(first: Image) -> Callable[[Any], object]:
    """The plain loop's blend, to compare with."""
    shown = first

    def mix(grey: Image) -> None:
        nonlocal shown
        shown = np.asarray(cv2.addWeighted(grey, 0.7, shown, 0.3, 0), np.uint8)

    return mix


def main() -> None:
    sys.stdout.write(f"{'':38}" + "".join(f"{width}x{height:<6}" for width, height in SIZES) + "ms\n")
    for rows in zip(*(cases(size) for size in SIZES), strict=True):
        figures = "".join(f"{milliseconds(call, inputs):8.3f}" for _, call, inputs in rows)
        sys.stdout.write(f"{rows[0][0]:36}{figures}\n")


if __name__ == "__main__":
    main()
