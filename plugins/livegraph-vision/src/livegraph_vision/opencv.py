"""OpenCV, set up for a process in which every node has a thread of its own.

`setNumThreads(1)`: a call runs on the thread that makes it. Nodes already run beside each other, and beside decoders
and encoders with threads of their own; OpenCV's pool on top of them costs throughput (`benchmarks/threads.py`
measures it). The setting holds for the whole process.
"""

from __future__ import annotations

import cv2

cv2.setNumThreads(1)

__all__ = ["cv2"]
