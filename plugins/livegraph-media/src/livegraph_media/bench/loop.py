"""The plain loop: edges and a blend in PyAV and OpenCV, as one writes it by hand.

python -m livegraph_media.bench.loop SOURCE TARGET [TUNE] prints the seconds that it took.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

LOW, HIGH, RATIO = 100, 200, 0.3


def run(source: Path, target: Path, tune: str = "") -> float:
    """Seconds from the opened source to the closed target; PyAV's decoder and x264 with threads as they choose. `tune`:
    x264's, where one is given.
    """
    options = {"preset": "veryfast", "crf": "23", **({"tune": tune} if tune else {})}
    with av.open(str(source)) as reader:
        video = reader.streams.video[0]
        video.thread_type = "AUTO"
        began = time.perf_counter()
        with av.open(str(target), "w") as writer:
            out = writer.add_stream("libx264", rate=video.average_rate, options=options)
            assert isinstance(out, VideoStream)
            out.width, out.height, out.pix_fmt = video.width, video.height, "yuv420p"
            before = None
            for frame in reader.decode(video):
                grey = frame.to_ndarray(format="gray")
                edges = np.asarray(cv2.Canny(grey, LOW, HIGH), np.uint8)
                shown = edges
                if before is not None:
                    shown = np.asarray(cv2.addWeighted(edges, 1 - RATIO, before, RATIO, 0), np.uint8)
                before = edges
                picture = av.VideoFrame.from_ndarray(shown, format="gray")
                picture.pts, picture.time_base = frame.pts, frame.time_base
                writer.mux(out.encode(picture))
            writer.mux(out.encode(None))
        return time.perf_counter() - began


if __name__ == "__main__":
    sys.stdout.write(f"{run(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]):.4f}\n")
