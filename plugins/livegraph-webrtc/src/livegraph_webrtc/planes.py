"""Between livegraph's pictures and PyAV's frames: views of the decoder's planes one way, a copy per plane the other."""

from __future__ import annotations

import threading
from typing import Literal

import numpy as np

from livegraph import Image, Size, Yuv420p, matrix_for
from livegraph_webrtc.ffmpeg import Interpolation, VideoFrame, VideoReformatter

Matrix = Literal["bt601", "bt709"]
# ITU-T H.273, table 4: what a stream says of its matrix. 6 is SMPTE 170M, which is BT.601.
_CODE = {"bt601": 6, "bt709": 1}
_MATRIX_OF_CODE: dict[int, Matrix] = {1: "bt709", 5: "bt601", 6: "bt601"}
_LIMITED_RANGE, _FULL_RANGE = 1, 2
_local = threading.local()


def picture_of(frame: VideoFrame) -> Yuv420p:
    """A decoded frame; a view where the decoder made yuv420p, as H.264's baseline and VP8 do, else one conversion."""
    full = frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj")
    matrix = _MATRIX_OF_CODE.get(frame.colorspace, matrix_for((frame.width, frame.height)))
    if frame.format.name not in ("yuv420p", "yuvj420p"):
        frame = _reformatter().reformat(frame, format="yuv420p")
    y, u, v = views(frame)
    return Yuv420p(y, u, v, matrix, full)


def frame_of(picture: Yuv420p) -> VideoFrame:
    """A frame for an encoder: even in width and height, for which an odd last column or row is left out."""
    height, width = (side // 2 * 2 for side in picture.y.shape)
    frame = VideoFrame(width, height, "yuv420p")
    for target, plane in zip(views(frame), (picture.y, picture.u, picture.v), strict=True):
        target[...] = plane[: target.shape[0], : target.shape[1]]
    frame.colorspace = _CODE[picture.matrix]
    frame.color_range = _FULL_RANGE if picture.full_range else _LIMITED_RANGE
    return frame


def views(frame: VideoFrame) -> list[Image]:
    """The planes of a yuv420p frame as uint8 [H, W], strided, which keep the frame alive."""
    planes = []
    for plane in frame.planes:
        rows: Image = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        planes.append(rows[:, : plane.width])
    return planes


def scaled(picture: Yuv420p, size: Size) -> Yuv420p:
    """The picture at another size, stretched where the proportions differ; matrix and range stay."""
    made = _reformatter().reformat(
        frame_of(picture), width=size[0], height=size[1], interpolation=Interpolation.BICUBIC, threads=1
    )
    y, u, v = views(made)
    return Yuv420p(y, u, v, picture.matrix, picture.full_range)


def _reformatter() -> VideoReformatter:
    """This thread's swscale context: kept, for making one can cost more than using it."""
    kept: VideoReformatter | None = getattr(_local, "reformatter", None)
    if kept is None:
        kept = _local.reformatter = VideoReformatter()
    return kept
