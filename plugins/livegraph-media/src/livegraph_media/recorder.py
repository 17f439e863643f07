"""From a graph's frames to a recording: one size, one matrix, one range, from the first picture on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from livegraph import Frame, Size, Yuv420p
from livegraph_media.canvas import Canvas, yuv420p_from
from livegraph_media.destination import failure, reason
from livegraph_media.encoder import DEFAULT_FPS, SOFTWARE, Encoding, encoding, find_encoding, likely_fps
from livegraph_media.ffmpeg import FFmpegError
from livegraph_media.recording import Recording
from livegraph_media.sound_track import EarlySound

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

    def __init__(
        self, path: Path, quality: Quality, fps: float | None, say: Callable[[str], None], sound: bool = False
    ) -> None:
        """`fps`: the nominal rate where it is known; times are the frames' own. `sound`: whether that comes, too."""
        self._path = path
        self._quality = quality
        self._fps = fps
        self._say = say
        self._sound = sound
        self._early = EarlySound()
        self._recording: Recording | None = None
        self._frames = 0
        self._first_ns = self._last_ns = self._last_duration_ns = 0
        self._proven = ""

    def warm_up(self) -> None:
        """Load the encoder, and find out before the first frame where there is none."""
        self._proven = self._encoding(_USUAL_SIZE, self._fps or DEFAULT_FPS).codec

    def add(self, frame: Frame) -> None:
        """Encode and write one frame."""
        picture = yuv420p_from(frame.data)
        try:
            recording = self._recording or self._start(picture, frame)
            recording.write(self._canvas.frame(picture), frame.pts_ns - self._first_ns)
            self._write_early(recording)
        except _WRITE_ERRORS as error:
            raise failure(error, self._path) from error
        self._frames += 1
        self._last_ns, self._last_duration_ns = frame.pts_ns, frame.duration_ns

    def add_sound(self, block: Frame) -> None:
        """Encode and write a block of sound; what is from before the first picture is cut off."""
        self._early.put(block)
        try:
            if self._recording is not None:
                self._write_early(self._recording)
        except _WRITE_ERRORS as error:
            raise failure(error, self._path) from error

    def _write_early(self, recording: Recording) -> None:
        for block, since_ns in self._early.take(self._first_ns):
            recording.write_sound(block, since_ns)

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
        self._canvas = Canvas(first, self._say, "recording", "recorded")
        fps = likely_fps(self._fps, frame.duration_ns)
        self._recording = Recording(self._path, self._encoding(self._canvas.size, fps), first, self._sound)
        self._first_ns = frame.pts_ns
        return self._recording

    def _encoding(self, size: Size, fps: float) -> Encoding:
        """The encoder to use. What software did at one size, it does at any: that is not tried out again."""
        want = self._quality
        if self._proven in SOFTWARE:
            return encoding(self._proven, want.preset, want.crf, fps, size)
        return find_encoding(want.codec, want.preset, want.crf, fps, size, want.hardware)

    def _end_ns(self, end_pts_ns: int) -> int:
        """When the last picture goes: at the stream's end, and not before its own duration is over."""
        period = self._last_duration_ns
        if not period and self._frames > 1:
            period = (self._last_ns - self._first_ns) // (self._frames - 1)
        return max(end_pts_ns, self._last_ns + (period or round(1e9 / DEFAULT_FPS)))
