"""From a graph's frames to an HLS playlist."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from livegraph import Frame, Yuv420p
from livegraph_media.canvas import Canvas, yuv420p_from
from livegraph_media.destination import failure, reason
from livegraph_media.encoder import likely_fps, live_encoding
from livegraph_media.ffmpeg import FFmpegError
from livegraph_media.playlist import Playlist
from livegraph_media.sound_track import EarlySound

_WRITE_ERRORS = (OSError, FFmpegError)


class Segmenter:
    """Writes frames into the playlist at `path`."""

    def __init__(
        self, path: Path, params: Any, fps: float | None, say: Callable[[str], None], sound: bool = False
    ) -> None:
        """`params`: those of `media.hls`. `fps`: the nominal rate where it is known; times are the frames' own.
        `sound`: whether that comes, too.
        """
        self._path, self._params, self._fps, self._say = path, params, fps, say
        self._sound = sound
        self._early = EarlySound()
        self._playlist: Playlist | None = None
        self._first_ns = 0

    def add(self, frame: Frame) -> None:
        """Encode and write one frame."""
        picture = yuv420p_from(frame.data)
        try:
            playlist = self._playlist or self._start(picture, frame)
            playlist.write(self._canvas.frame(picture), frame.pts_ns - self._first_ns)
            self._write_sound(playlist)
        except _WRITE_ERRORS as error:
            raise failure(error, self._path) from error

    def add_sound(self, block: Frame) -> None:
        """Encode and write a block of sound; what is from before the first picture is cut off."""
        self._early.put(block)
        try:
            if self._playlist is not None:
                self._write_sound(self._playlist)
        except _WRITE_ERRORS as error:
            raise failure(error, self._path) from error

    def _write_sound(self, playlist: Playlist) -> None:
        for block, since_ns in self._early.take(self._first_ns):
            playlist.write_sound(block, since_ns)

    def finish(self) -> None:
        playlist, self._playlist = self._playlist, None
        try:
            if playlist is not None:
                playlist.close()
        except _WRITE_ERRORS as error:
            self._say(f"{self._path} could not be finished ({reason(error)}); what it names plays")

    def _start(self, first: Yuv420p, frame: Frame) -> Playlist:
        """Open encoders and playlist for pictures like the first one."""
        params = self._params
        self._canvas = Canvas(first, self._say, "writing", "written")
        fps = likely_fps(self._fps, frame.duration_ns)
        encoding = live_encoding(params.preset, params.bitrate, fps, self._canvas.size)
        self._playlist = Playlist(self._path, encoding, first, params.segment, params.window, self._sound)
        self._first_ns = frame.pts_ns
        return self._playlist
