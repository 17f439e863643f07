"""What conversions and the test scene cost here: `python plugins/livegraph-media/benchmarks/pixels.py`."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable

import numpy as np

from livegraph import Image
from livegraph_media import convert
from livegraph_media.scene import Scene

SIZES = ((256, 256), (832, 480), (1280, 720))
REPEATS = 60


def main() -> None:
    print(f"{platform.machine()} {platform.system()}, best of {REPEATS}, milliseconds")
    print(f"{'':22}" + "".join(f"{width}x{height:<8}" for width, height in SIZES))
    scenes = [Scene(size) for size in SIZES]
    row("media.pattern", [lambda s=scene: s.draw(1.0) for scene in scenes])
    pictures: list[Image] = [scene.draw(1.0) for scene in scenes]
    yuv = [convert.rgb24_to_yuv420p(picture) for picture in pictures]
    grey = [convert.rgb24_to_gray8(picture) for picture in pictures]
    for name, given in (
        ("yuv420p_to_rgb24", yuv),
        ("yuv420p_to_gray8", yuv),
        ("rgb24_to_yuv420p", pictures),
        ("rgb24_to_gray8", pictures),
        ("gray8_to_yuv420p", grey),
        ("gray8_to_rgb24", grey),
    ):
        row(name, [lambda f=getattr(convert, name), x=each: f(x) for each in given])
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    row("NumPy: rgb to grey", [lambda x=each: np.rint(x @ weights).astype(np.uint8) for each in pictures])


def row(name: str, calls: list[Callable[[], object]]) -> None:
    print(f"{name:22}" + "".join(f"{best_ms(call):<12.2f}" for call in calls))


def best_ms(call: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(REPEATS):
        begin = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - begin)
    return best * 1000


if __name__ == "__main__":
    main()
