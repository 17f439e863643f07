"""The film that the bench works on."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

import av
from av.video.stream import VideoStream

from livegraph_media.convert import rgb24_to_yuv420p
from livegraph_media.planes import frame_of
from livegraph_media.scene import Scene

SIZE = 1280, 720
FPS = 30
_OPTIONS = {"preset": "veryfast", "crf": "20"}


def clip(frames: int) -> Path:
    """The scene of `media.pattern` at 1280x720 and 30 fps as H.264 in MP4, as x264 makes it by itself (B-frames, one
    slice per picture); drawn once, then kept in the folder for temporary files.
    """
    path = Path(tempfile.gettempdir()) / f"livegraph-bench-{SIZE[0]}x{SIZE[1]}-{frames}.mp4"
    if not path.exists():
        unfinished = path.with_suffix(".part.mp4")
        _draw(unfinished, frames)
        unfinished.replace(path)
    return path


def _draw(path: Path, frames: int) -> None:
    scene = Scene(SIZE, seed=0)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FPS, options=dict(_OPTIONS))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            frame = frame_of(rgb24_to_yuv420p(scene.draw(number / FPS)))
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
