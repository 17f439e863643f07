"""A video opened for reading: its pictures in order, and its sound; damage is counted rather than fatal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from livegraph import InputError, NodeError
from livegraph_media.address import Address
from livegraph_media.ffmpeg import (
    MICROSECOND,
    AudioFrame,
    AudioStream,
    Disposition,
    FFmpegError,
    InputContainer,
    InvalidDataError,
    TimedOut,
    VideoFrame,
    VideoStream,
    open_container,
)
from livegraph_media.packets import Packets

OPEN_TIMEOUT_S, READ_TIMEOUT_S = 8.0, 5.0
_RTSP_OPTIONS = {"rtsp_transport": "tcp", "fflags": "nobuffer"}
_LARGEST = 8192
_DEFAULT_FPS = Fraction(30)
_REACH = 100
"""Packets of pictures between which the next sound is looked for: well-made files have it within some tens."""


def open_address(address: Address) -> InputContainer:
    """Open a file or an address; InputError says why it cannot be read (NodeError where it may work later)."""
    with _patience(address):
        return _open(address)


def _open(address: Address) -> InputContainer:
    options = {"protocol_whitelist": address.whitelist, **(_RTSP_OPTIONS if address.live else {})}
    timeout = (OPEN_TIMEOUT_S, READ_TIMEOUT_S) if address.remote else None
    kind = NodeError if address.remote else InputError
    try:
        return open_container(address.url, "r", options=options, timeout=timeout, metadata_errors="replace")
    except InvalidDataError as error:
        raise kind(f"{address.name} is no video that FFmpeg can read, or it was {_cut(address)}") from error
    except (OSError, FFmpegError) as error:
        raise kind(f"cannot open {address.name}: {why(error)}") from error


@contextmanager
def _patience(address: Address) -> Iterator[None]:
    """An opening that fails because the time for it was over is told as that, whatever FFmpeg makes of what it has."""
    begun = time.monotonic()
    try:
        yield
    except (OSError, FFmpegError, NodeError) as error:
        if not address.remote or time.monotonic() - begun < OPEN_TIMEOUT_S:
            raise
        raise NodeError(f"cannot open {address.name}: it sent too little within {OPEN_TIMEOUT_S:g} s") from error


def _cut(address: Address) -> str:
    return "cut off on its way" if address.remote else "cut off while written"


def why(error: Exception) -> str:
    """What FFmpeg or the system says of a failure, for a person."""
    if isinstance(error, TimedOut):
        return f"no data for {READ_TIMEOUT_S:g} s"
    return str(getattr(error, "strerror", None) or error)


def video_stream(container: InputContainer, name: str, kind: type[NodeError] = InputError) -> VideoStream:
    """The video stream to play; cover pictures of music files do not count. Raises `kind` where there is none."""
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or Disposition.attached_pic in stream.disposition:
        kinds = sorted({stream.type for stream in container.streams})
        raise kind(f"{name} has no video in it (only {', '.join(kinds) or 'nothing'})")
    if not stream.codec_context:
        raise kind(f"{name}: there is no decoder for its video here")
    if max(stream.codec_context.width, stream.codec_context.height) > _LARGEST:
        raise InputError(f"{name}: pictures larger than {_LARGEST} pixels are refused")
    # What grows later, or says in its data that it is larger than in its head, is not decoded.
    stream.codec_context.options = {**stream.codec_context.options, "max_pixels": str(_LARGEST * _LARGEST)}
    return stream


def sound_stream(container: InputContainer) -> AudioStream | None:
    """The sound to play; None where there is none that can be decoded here."""
    stream = container.streams.best("audio")
    return stream if isinstance(stream, AudioStream) and stream.codec_context else None


def nominal_fps(stream: VideoStream) -> Fraction:
    """What the file says of its rate, else 30."""
    return stream.average_rate or stream.guessed_rate or _DEFAULT_FPS


def pixel_aspect(stream: VideoStream) -> Fraction:
    """A pixel's width over its height: as the container says, else as the video does, else 1."""
    return stream.sample_aspect_ratio or Fraction(1)


class Decoder:
    """Reads one file or address once, from a given second on. `sound`: whether to read that too, where there is any;
    else it is passed over.
    """

    def __init__(self, address: Address, start_s: float = 0.0, sound: bool = False) -> None:
        self.address = address
        with _patience(address):
            self._container = _open(address)
            try:
                self.stream = video_stream(self._container, address.name, NodeError if address.remote else InputError)
                self.stream.thread_type = "AUTO"
                self._skip_until = self._seek(start_s) if start_s else None
            except BaseException:
                self.close()
                raise
        self.fps = nominal_fps(self.stream)
        self.aspect = pixel_aspect(self.stream)
        self.sound = sound_stream(self._container) if sound else None
        self._packets = Packets(self._container, *((self.stream, self.sound) if self.sound else (self.stream,)))
        self.damaged = 0
        self.ended_early: str | None = None
        self.decoded = 0

    def frames(self) -> Iterator[VideoFrame]:
        """The pictures. Damaged ones are left out and counted; where a local file breaks off, `ended_early` says so."""
        while (decoded := self._decoded(self.stream)) is not None:
            yield from filter(self._wanted, decoded)

    def sounds(self) -> list[AudioFrame] | None:
        """What the next packet of the sound holds; None where there is none near the pictures taken so far. With a
        start there is some sound from before it.
        """
        return None if self.sound is None else self._decoded(self.sound, _REACH)

    def _decoded(self, stream: VideoStream | AudioStream, reach: int | None = None) -> list[Any] | None:
        try:
            packet = self._packets.take(stream, reach)
            if packet is None:
                return None
            try:
                return packet.decode()
            except InvalidDataError:
                self.damaged += 1
                return []
        except (OSError, FFmpegError) as error:
            if self.address.remote:
                raise NodeError(f"{self.address.name}: the connection broke: {why(error)}") from error
            self.ended_early = why(error)
            return None

    def close(self) -> None:
        self._container.close()

    @property
    def announced_s(self) -> float | None:
        """How long the file says that it is, seconds."""
        return None if self._container.duration is None else self._container.duration / MICROSECOND

    def _seek(self, start_s: float) -> Fraction:
        """Go to the keyframe before `start_s`; the time from which pictures are wanted, in seconds."""
        begins = self._container.start_time or 0
        target = begins + round(start_s * MICROSECOND)
        if self.announced_s is not None and start_s >= self.announced_s:
            raise InputError(f"{self.address.name} lasts {self.announced_s:.2f} s: start {start_s:g} is behind its end")
        self._container.seek(target, backward=True)
        return Fraction(target, MICROSECOND)

    def _wanted(self, frame: VideoFrame) -> bool:
        self.decoded += 1
        if self._skip_until is None:
            return True
        if frame.pts is not None and frame.time_base and frame.pts * frame.time_base < self._skip_until:
            return False
        self._skip_until = None
        return True


def times_of(frame: VideoFrame | AudioFrame) -> tuple[int | None, int]:
    """Presentation time (None where unknown) and duration (0 where unknown), nanoseconds."""
    if not frame.time_base:
        return None, 0
    tick = frame.time_base * 1_000_000_000
    return None if frame.pts is None else round(frame.pts * tick), round((frame.duration or 0) * tick)
