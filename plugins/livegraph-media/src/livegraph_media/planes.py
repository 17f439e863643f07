"""Between livegraph's pictures and PyAV's frames: views without copies one way, one copy per plane the other."""

from __future__ import annotations

import threading
from typing import Literal

import numpy as np

from livegraph import Image, Size, Yuv420p, matrix_for
from livegraph_media.ffmpeg import ColorRange, Colorspace, Interpolation, VideoFrame, VideoReformatter

Matrix = Literal["bt601", "bt709"]

COLORSPACE = {"bt601": Colorspace.ITU601, "bt709": Colorspace.ITU709}
# ITU-T H.273, table 4: what a stream says of its matrix. 6 is SMPTE 170M, which is BT.601.
MATRIX_CODE = {"bt601": 6, "bt709": 1}
_MATRIX_OF_CODE: dict[int, Matrix] = {1: "bt709", 5: "bt601", 6: "bt601"}
_UNSPECIFIED = 2
_MOST_KEPT = 16
_local = threading.local()
_FULL_RANGE = 2
_LIMITED_RANGE = 1

# Flags of swscale (swscale.h), whose names PyAV has from 18 on only.
_ACCURATE_RND, _FULL_CHR_H_INT, _FULL_CHR_H_INP = 0x40000, 0x2000, 0x4000
EXACT = int(Interpolation.AREA) | _ACCURATE_RND | _FULL_CHR_H_INP
"""To subsampled chroma: the mean of each four pixels, rounded (swscale's default is off by up to 9 levels)."""
UPSAMPLE = int(Interpolation.POINT) | _ACCURATE_RND | _FULL_CHR_H_INT
"""From subsampled chroma: each value stands for its four pixels, rounded (the default is darker by a level)."""
SCALE = int(Interpolation.BICUBIC) | _ACCURATE_RND


def color_range(full: bool) -> ColorRange:
    return ColorRange.JPEG if full else ColorRange.MPEG


def views(frame: VideoFrame) -> list[Image]:
    """The planes of an 8-bit frame as uint8 [H, W] (packed rgb: [H, W, 3]), strided, which keep the frame alive."""
    planes = []
    for plane in frame.planes:
        rows: Image = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        if frame.format.name == "rgb24":
            planes.append(rows[:, : 3 * plane.width].reshape(plane.height, plane.width, 3))
        else:
            planes.append(rows[:, : plane.width])
    return planes


def yuv420p_of(frame: VideoFrame) -> Yuv420p:
    """A decoded frame as Yuv420p: a view where the decoder made yuv420p, else one conversion. The stream's matrix and
    range are kept; what Yuv420p cannot name (BT.2020) becomes BT.709.
    """
    size = frame.width, frame.height
    if frame.format.name in ("yuv420p", "yuvj420p") and frame.colorspace in (*_MATRIX_OF_CODE, _UNSPECIFIED):
        y, u, v = views(frame)
        return Yuv420p(y, u, v, matrix_of(frame), is_full_range(frame))
    matrix, full = matrix_of(frame), is_full_range(frame) and not frame.format.is_rgb
    return yuv420p_of(resized(frame, size, "yuv420p", matrix, full))


def rgb24_of(frame: VideoFrame) -> Image:
    """A decoded frame as full-range RGB, [H, W, 3]; a view where the decoder made rgb24."""
    if frame.format.name != "rgb24":
        frame = resized(frame, (frame.width, frame.height), "rgb24", matrix_of(frame), True)
    return views(frame)[0]


def matrix_of(frame: VideoFrame) -> Matrix:
    if frame.format.is_rgb or frame.colorspace == _UNSPECIFIED:
        return matrix_for((frame.width, frame.height))
    return _MATRIX_OF_CODE.get(frame.colorspace, "bt709")


def is_full_range(frame: VideoFrame) -> bool:
    name = frame.format.name
    return frame.color_range == _FULL_RANGE or name.startswith(("yuvj", "gray")) or frame.format.is_rgb


def resized(frame: VideoFrame, size: Size, pixels: str, matrix: Matrix, full: bool) -> VideoFrame:
    """The frame at another size and pixel format, tagged with `matrix` and range."""
    known = frame.format.is_rgb or frame.colorspace in (_UNSPECIFIED, *_MATRIX_OF_CODE)
    source = COLORSPACE[matrix_of(frame)] if known else frame.colorspace
    made = reformatter(frame.format.name, (frame.width, frame.height), pixels, size).reformat(
        frame,
        width=size[0],
        height=size[1],
        format=pixels,
        src_colorspace=source,
        dst_colorspace=COLORSPACE[matrix],
        src_color_range=color_range(is_full_range(frame)),
        dst_color_range=color_range(full),
        interpolation=SCALE if size != (frame.width, frame.height) else UPSAMPLE if pixels == "rgb24" else EXACT,
        threads=1,
    )
    tag(made, matrix, full)
    return made


def reformatter(source: str, size: Size, target: str, target_size: Size) -> VideoReformatter:
    """This thread's swscale context for a conversion: kept, for making one can cost more than using it."""
    kept: dict[object, VideoReformatter] = _local.__dict__.setdefault("reformatters", {})
    key = source, size, target, target_size
    if key not in kept:
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        kept[key] = VideoReformatter()
    return kept[key]


def tag(frame: VideoFrame, matrix: Matrix, full: bool) -> None:
    """Say in the frame what its numbers mean."""
    frame.colorspace = MATRIX_CODE[matrix]
    frame.color_range = _FULL_RANGE if full else _LIMITED_RANGE


def frame_of(picture: Yuv420p, even: bool = False) -> VideoFrame:
    """A PyAV frame with the picture's planes copied in, and its matrix and range as tags. `even`: of the next even
    width and height, where the pixels beyond the picture mean nothing.
    """
    height, width = picture.y.shape
    frame = VideoFrame(width + (even and width % 2), height + (even and height % 2), "yuv420p")
    for target, plane in zip(views(frame), (picture.y, picture.u, picture.v), strict=True):
        target[: plane.shape[0], : plane.shape[1]] = plane
    tag(frame, picture.matrix, picture.full_range)
    return frame


def wrapped(image: Image) -> VideoFrame:
    """A PyAV frame over the memory of an rgb24 or gray8 picture; rows are made contiguous where they are not."""
    if image.strides[1:] != ((3, 1) if image.ndim == 3 else (1,)) or image.strides[0] < 0:
        image = np.ascontiguousarray(image)
    return VideoFrame.from_numpy_buffer(image, "rgb24" if image.ndim == 3 else "gray")
