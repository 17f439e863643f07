"""What conversions and the test scene cost here: `python plugins/livegraph-media/benchmarks/pixels.py`."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from livegraph import Image
from livegraph_media import convert
from livegraph_media.scene import Scene

SIZES = ((256, 256), (832, 480), (1280, 720))
REPEATS = 60


def main() -> None:
    sys.stdout.write(f"{platform.machine()} {platform.system()}, best of {REPEATS}, milliseconds" + "\n")
    sys.stdout.write(f"{'':22}" + "".join(f"{width}x{height:<8}" for width, height in SIZES) + "\n")
    scenes = [Scene(size) for size in SIZES]
    row("media.pattern", [partial(scene.draw, 1.0) for scene in scenes])
    pictures: list[Image] = [scene.draw(1.0) for scene in scenes]
    yuv = [convert.rgb24_to_yuv420p(picture) for picture in pictures]
    grey = [convert.rgb24_to_gray8(picture) for picture in pictures]
    for converter, given in (
        (convert.yuv420p_to_rgb24, yuv),
        (convert.yuv420p_to_gray8, yuv),
        (convert.rgb24_to_yuv420p, pictures),
        (convert.rgb24_to_gray8, pictures),
        (convert.gray8_to_yuv420p, grey),
        (convert.gray8_to_rgb24, grey),
    ):
        row(converter.__name__, [partial(converter, each) for each in given])
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    row("NumPy: rgb to grey", [lambda x=each: np.rint(x @ weights).astype(np.uint8) for each in pictures])


def row(name: str, calls: list[Callable[[], object]]) -> None:
    sys.stdout.write(f"{name:22}" + "".join(f"{best_ms(call):<12.2f}" for call in calls) + "\n")


def best_ms(call: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(REPEATS):
        begin = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - begin)
    return best * 1000


if __name__ == "__main__":
    main()
