"""Frames per second of node threads beside each other, by the number of OpenCV threads: python benchmarks/threads.py

Each case runs N threads, each finding the edges of its own 1280x720 luma, as a graph's nodes do.
"""

from __future__ import annotations

import os
import sys
import threading
import time

import numpy as np

from livegraph_vision.edges import canny
from livegraph_vision.luma import Luma
from livegraph_vision.opencv import cv2

SECONDS = 2.0


def frames_per_second(nodes: int, opencv_threads: int) -> float:
    """All nodes together."""
    cv2.setNumThreads(opencv_threads)
    counts = [0] * nodes
    end = time.perf_counter() + SECONDS

    def work(index: int) -> None:
        noise = np.random.default_rng(index).normal(128, 40, (720, 1280)).astype(np.float32)
        luma = Luma(np.clip(cv2.GaussianBlur(noise, (0, 0), 3) * 6 - 640, 16, 235).astype(np.uint8), False)
        while time.perf_counter() < end:
            canny(luma, 100, 200, False, False)
            counts[index] += 1

    threads = [threading.Thread(target=work, args=(index,)) for index in range(nodes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


def main() -> None:
    cores = os.cpu_count() or 1
    sys.stdout.write(f"{cores} cores; frames/s in all\nnode threads   1 OpenCV thread   {cores} OpenCV threads\n")
    for nodes in (1, cores, 2 * cores):
        alone, pool = (frames_per_second(nodes, threads) for threads in (1, cores))
        sys.stdout.write(f"{nodes:12}   {alone:15.0f}   {pool:16.0f}\n")


if __name__ == "__main__":
    main()
