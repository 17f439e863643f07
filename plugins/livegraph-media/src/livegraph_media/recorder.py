"""From a graph's frames to a recording: one size, one matrix, one range, from the first picture on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livegraph import Frame, InputError, Size, Yuv420p, pixel_format, size_of
from livegraph_media.convert import gray8_to_yuv420p, rgb24_to_yuv420p
from livegraph_media.destination import failure, reason
from livegraph_media.encoder import SOFTWARE, Encoding, encoding, find_encoding
from livegraph_media.ffmpeg import FFmpegError, VideoFrame
from livegraph_media.fit import fitted
from livegraph_media.planes import frame_of, resized
from livegraph_media.recording import Recording

_DEFAULT_FPS = 30.0
_USUAL_SIZE: Size = (640, 360)
_WRITE_ERRORS = (OSError, FFmpegError)


@dataclass(frozen=True, slots=True)
class Quality:
    """Which encoder, and how well; see the parameters of `media.record`."""

    codec: str
    preset: str
    crf: int
    hardware: bool


class Recorder:
    """Records frames into the file at `path`, which is there already, and empty or to be replaced."""

    def __init__(self, path: Path, quality: Quality, fps: float | None, say: Callable[[str], None]) -> None:
        """`fps`: the nominal rate where it is known; times are the frames' own."""
        self._path = path
        self._quality = quality
        self._fps = fps
        self._say = say
        self._recording: Recording | None = None
        self._frames = 0
        self._first_ns = self._last_ns = self._last_duration_ns = 0
        self._told_of_size = False
        self._proven = ""

    def warm_up(self) -> None:
        """Load the encoder, and find out before the first frame where there is none."""
        self._proven = self._encoding(_USUAL_SIZE, self._fps or _DEFAULT_FPS).codec

    def add(self, frame: Frame) -> None:
        """Encode and write one frame."""
        picture = _yuv420p(frame.data)
        try:
            recording = self._recording or self._start(picture, frame)
            recording.write(self._encodable(picture), frame.pts_ns - self._first_ns)
        except _WRITE_ERRORS as error:
            raise failure(error, self._path) from error
        self._frames += 1
        self._last_ns, self._last_duration_ns = frame.pts_ns, frame.duration_ns

    def finish(self, end_pts_ns: int) -> None:
        """Close the file, and tell what it holds; the last picture stays until `end_pts_ns`."""
        recording, self._recording = self._recording, None
        if recording is None:
            if self._path.is_file() and self._path.stat().st_size == 0:
                self._path.unlink()
            self._say(f"nothing came to record: {self._path} was not made")
            return
        length_ns = self._end_ns(end_pts_ns) - self._first_ns
        try:
            recording.close(length_ns)
        except _WRITE_ERRORS as error:
            self._say(f"{self._path} could not be finished ({reason(error)}); what it holds plays")
        else:
            frames = f"{self._frames} frame{'' if self._frames == 1 else 's'}"
            self._say(f"recorded {self._path}, {frames}, {length_ns / 1e9:.1f} s")

    def _start(self, first: Yuv420p, frame: Frame) -> Recording:
        """Open encoder and file for pictures like the first one."""
        width, height = size_of(first)
        self._size: Size = _even(width, height)
        if self._size != (width, height):
            self._say(f"recording {width}x{height} as {self._size[0]}x{self._size[1]}: its odd edge is there twice")
        self._like = first
        fps = self._fps or (1e9 / frame.duration_ns if frame.duration_ns else _DEFAULT_FPS)
        self._recording = Recording(self._path, self._encoding(self._size, fps), first)
        self._first_ns = frame.pts_ns
        return self._recording

    def _encoding(self, size: Size, fps: float) -> Encoding:
        """The encoder to use. What software did at one size, it does at any: that is not tried out again."""
        want = self._quality
        if self._proven in SOFTWARE:
            return encoding(self._proven, want.preset, want.crf, fps, size)
        return find_encoding(want.codec, want.preset, want.crf, fps, size, want.hardware)

    def _encodable(self, picture: Yuv420p) -> VideoFrame:
        """The picture in the size, matrix and range of the first one."""
        width, height = size_of(picture)
        if _even(width, height) != self._size:
            self._tell_of_size(width, height)
            picture = fitted(frame_of(picture), self._size, "letterbox")
        frame = frame_of(_with_even_luma(picture))
        if (picture.matrix, picture.full_range) != (self._like.matrix, self._like.full_range):
            frame = resized(frame, self._size, "yuv420p", self._like.matrix, self._like.full_range)
        return frame

    def _tell_of_size(self, width: int, height: int) -> None:
        if not self._told_of_size:
            self._say(f"pictures are now {width}x{height}: recorded at {self._size[0]}x{self._size[1]} as before")
            self._told_of_size = True

    def _end_ns(self, end_pts_ns: int) -> int:
        """When the last picture goes: at the stream's end, and not before its own duration is over."""
        period = self._last_duration_ns
        if not period and self._frames > 1:
            period = (self._last_ns - self._first_ns) // (self._frames - 1)
        return max(end_pts_ns, self._last_ns + (period or round(1e9 / _DEFAULT_FPS)))


def _yuv420p(picture: object) -> Yuv420p:
    if isinstance(picture, Yuv420p):
        return picture
    if pixel_format(picture) == "rgb24":
        return rgb24_to_yuv420p(picture)  # type: ignore[arg-type]
    if pixel_format(picture) == "gray8":
        return gray8_to_yuv420p(picture)  # type: ignore[arg-type]
    raise InputError(f"{type(picture).__name__} is no picture: expected yuv420p, rgb24 or gray8")


def _even(width: int, height: int) -> Size:
    """The next size that 4:2:0 encoders take."""
    return width + width % 2, height + height % 2


def _with_even_luma(picture: Yuv420p) -> Yuv420p:
    """An odd last row or column is repeated; chroma covers the pair already."""
    width, height = size_of(picture)
    if _even(width, height) == (width, height):
        return picture
    y = np.pad(picture.y, ((0, height % 2), (0, width % 2)), mode="edge")
    return Yuv420p(y, picture.u, picture.v, picture.matrix, picture.full_range)
