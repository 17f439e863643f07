"""Milliseconds to draw a frame on SDL's dummy driver, so without the display's share: python benchmarks/drawing.py"""

from __future__ import annotations

import os
import statistics
import sys
import time

os.environ["SDL_VIDEODRIVER"] = "dummy"

import numpy as np

from livegraph_window.window import Window

FRAMES = 60
CASES = [
    ((1280, 720), "1280x720"),
    ((256, 256), "1920x1080"),
    ((1280, 720), "1920x1080"),
    ((1280, 720), "3840x2160"),
    ((1920, 1080), "1920x1080"),
]


def milliseconds(picture: tuple[int, int], window: str, smooth: bool) -> float:
    """The median over FRAMES frames."""
    screen = Window(0, window, "benchmark")
    pixels = np.random.default_rng(0).integers(0, 256, (picture[1], picture[0], 3), np.uint8)
    times = []
    for _ in range(FRAMES):
        start = time.perf_counter()
        screen.show(pixels, fullscreen=False, smooth=smooth)
        times.append(time.perf_counter() - start)
    screen.close()
    return 1e3 * statistics.median(times)


def main() -> None:
    sys.stdout.write(f"{'picture':>10}  {'window':>10}  smooth  hard (ms)\n")
    for picture, window in CASES:
        smooth, hard = (milliseconds(picture, window, choice) for choice in (True, False))
        sys.stdout.write(f"{picture[0]:>5}x{picture[1]:<4}  {window:>10}  {smooth:6.2f}  {hard:6.2f}\n")


if __name__ == "__main__":
    main()
