"""`media.record`: a video file that survives a crash."""

from __future__ import annotations

import errno
import time
from pathlib import Path
from typing import Literal

from av.error import FFmpegError
from av.video.frame import VideoFrame

from livegraph import Frame, In, InputError, NodeError, Param, Sink, Size, Video, Yuv420p, pixel_format, size_of
from livegraph_media.convert import gray8_to_yuv420p, rgb24_to_yuv420p
from livegraph_media.encoder import find_encoding
from livegraph_media.fit import fitted
from livegraph_media.planes import frame_of, resized
from livegraph_media.recording import EXTENSIONS, Recording

_DEFAULT_FPS = 30.0
WriteError = (OSError, FFmpegError)
_HOPELESS = {
    errno.ENOSPC: "no space is left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file system takes no bigger files",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "writing there is not permitted",
    errno.EPERM: "writing there is not permitted",
}


class Record(Sink):
    """Writes H.264 into an MP4 or Matroska file, playable up to its last half second even after SIGKILL.

    Frames keep their times (variable rate); the first is at 0, and the last stays until the stream's end. The first
    picture sets the size: an odd row or column is cut off, and pictures of another size are letterboxed into it.
    """

    records = True
    video: In[Video] = In(formats=("yuv420p", "rgb24", "gray8"))
    path: str = Param(
        "out/{name}-{time}.mp4",
        remote=False,
        doc=".mp4, .m4v, .mov or .mkv; {time} is when the recording starts, {name} the node's name",
    )
    codec: Literal["auto", "libx264", "h264_videotoolbox", "h264_nvenc", "mpeg4"] = Param(
        "auto", doc="auto: the first that works of VideoToolbox, NVENC, x264 and MPEG-4"
    )
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"] = Param(
        "veryfast", doc="x264: how long it may look for a smaller file"
    )
    crf: int = Param(23, ge=0, le=51, doc="quality: 0 best, 18 hardly visible, 23 usual, 51 worst")
    overwrite: bool = Param(False, remote=False, doc="whether a file of that name may be replaced")

    def setup(self) -> None:
        self._recording: Recording | None = None
        self._frames = 0
        self._first_ns = self._last_ns = self._last_duration_ns = 0
        self._told_of_size = False
        self._path = _reserve(self.path, self.ctx.node_id, self.overwrite)

    def process(self, video: Frame) -> None:
        picture = _yuv420p(video.data)
        if self._recording is None:
            self._start(picture, video)
        frame = self._encodable(picture)
        try:
            assert self._recording is not None
            self._recording.write(frame, video.pts_ns - self._first_ns)
        except WriteError as error:
            raise _failure(error, self._path) from error
        self._frames += 1
        self._last_ns, self._last_duration_ns = video.pts_ns, video.duration_ns

    def teardown(self) -> None:
        if not hasattr(self, "_path"):
            return
        if self._recording is None:
            if self._path.exists() and self._path.stat().st_size == 0:
                self._path.unlink()
            self.ctx.say(f"nothing came to record: no {self._path}")
            return
        length_ns = self._end_ns() - self._first_ns
        recording, self._recording = self._recording, None
        try:
            recording.close(length_ns)
        except WriteError as error:
            self.ctx.say(f"{self._path} was not finished ({_reason(error)}); what it holds plays")
            return
        self.ctx.say(f"recorded {self._path}, {self._frames} frames, {length_ns / 1e9:.1f} s")

    def _start(self, first: Yuv420p, frame: Frame) -> None:
        """Open encoder and file for pictures like the first one."""
        width, height = size_of(first)
        self._size: Size = width // 2 * 2, height // 2 * 2
        if 0 in self._size:
            raise InputError(f"a picture of {width}x{height} pixels cannot be recorded")
        if self._size != (width, height):
            self.ctx.say(f"recording {self._size[0]}x{self._size[1]}: the odd edge of {width}x{height} is cut off")
        self._like = first
        fps = self.ctx.fps_hint or (1e9 / frame.duration_ns if frame.duration_ns else _DEFAULT_FPS)
        chosen = find_encoding(self.codec, self.preset, self.crf, fps, self._size, hardware=not self.ctx.cpu)
        self.ctx.log.info("%s: %s by %s", self.ctx.node_id, self._path, chosen.codec)
        try:
            self._recording = Recording(self._path, chosen, first)
        except WriteError as error:
            raise _failure(error, self._path) from error
        self._first_ns = frame.pts_ns

    def _encodable(self, picture: Yuv420p) -> VideoFrame:
        """The picture in the size, matrix and range of the first one."""
        width, height = size_of(picture)
        if (width // 2 * 2, height // 2 * 2) != self._size:
            self._tell_of_size(width, height)
            picture = fitted(frame_of(picture), self._size, "letterbox")
        frame = frame_of(_cut(picture, self._size))
        if (picture.matrix, picture.full_range) != (self._like.matrix, self._like.full_range):
            frame = resized(frame, self._size, "yuv420p", self._like.matrix, self._like.full_range)
        return frame

    def _tell_of_size(self, width: int, height: int) -> None:
        if not self._told_of_size:
            self.ctx.say(f"pictures are now {width}x{height}: recorded at {self._size[0]}x{self._size[1]} as before")
            self._told_of_size = True

    def _end_ns(self) -> int:
        """When the last picture goes: at the stream's end, and not before its own duration is over."""
        period = self._last_duration_ns
        if not period and self._frames > 1:
            period = (self._last_ns - self._first_ns) // (self._frames - 1)
        return max(self.ctx.end_pts_ns, self._last_ns + (period or round(1e9 / _DEFAULT_FPS)))


def _yuv420p(picture: object) -> Yuv420p:
    if isinstance(picture, Yuv420p):
        return picture
    if pixel_format(picture) == "rgb24":
        return rgb24_to_yuv420p(picture)  # type: ignore[arg-type]
    if pixel_format(picture) == "gray8":
        return gray8_to_yuv420p(picture)  # type: ignore[arg-type]
    raise InputError(f"{type(picture).__name__} is no picture: expected yuv420p, rgb24 or gray8")


def _cut(picture: Yuv420p, size: Size) -> Yuv420p:
    width, height = size
    if size_of(picture) == size:
        return picture
    chroma = slice(height // 2), slice(width // 2)
    return Yuv420p(picture.y[:height, :width], picture.u[chroma], picture.v[chroma], picture.matrix, picture.full_range)


def _reserve(template: str, name: str, overwrite: bool) -> Path:
    """The file's path with its names filled in; its folders made and itself created, so that a place that cannot be
    written is known before the first frame. A second recording within the same second gets `-2` added.
    """
    path = Path(template.replace("{time}", time.strftime("%Y%m%d-%H%M%S")).replace("{name}", name)).expanduser()
    if path.suffix.lower() not in EXTENSIONS:
        raise InputError(f"{path}: the name must end in {', '.join(EXTENSIONS[:-1])} or {EXTENSIONS[-1]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if "{time}" in template:
            path = _free(path)
        path.touch(exist_ok=overwrite)
    except FileExistsError as error:
        if not path.is_file():
            raise InputError(f"{path}: {error.filename} is in the way") from error
        raise InputError(f"{path} is there already: put {{time}} into the path, or set overwrite: true") from error
    except OSError as error:
        raise _failure(error, path) from error
    return path


def _free(path: Path) -> Path:
    candidate, count = path, 1
    while candidate.exists():
        count += 1
        candidate = path.with_stem(f"{path.stem}-{count}")
    return candidate


def _failure(error: OSError | FFmpegError, path: Path) -> NodeError:
    """What a person is told; nothing is tried again where trying again cannot help."""
    text = f"cannot write {path}: {_reason(error)}"
    return InputError(text) if error.errno in _HOPELESS else NodeError(text)


def _reason(error: OSError | FFmpegError) -> str:
    return _HOPELESS.get(error.errno or 0) or error.strerror or str(error)
