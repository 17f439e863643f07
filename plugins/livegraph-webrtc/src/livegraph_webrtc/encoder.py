"""H.264 by x264, or VP8 by libvpx, without delay: a picture in, its packet out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

import numpy as np

from livegraph import InputError, Size, Yuv420p
from livegraph_webrtc.ffmpeg import (
    CodecContext,
    FFmpegError,
    Packet,
    PictureType,
    UnknownCodecError,
    VideoCodecContext,
    VideoFrame,
    VideoStream,
)
from livegraph_webrtc.planes import frame_of
from livegraph_webrtc.rtp_time import TIME_BASE

Codec = Literal["h264", "vp8"]
Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"]

NOMINAL_FPS = 30
"""What x264 is told. It shares out bits by the picture, so the bitrate that it is asked for is scaled by the rate at
which pictures do come.
"""
_HEADROOM = 1.25
_WORTH_IT = 0.03
_NO_GUARD = 100_000
_MOST_THREADS = 4
_VP8_SPEED: Mapping[str, int] = MappingProxyType(
    {"ultrafast": 12, "superfast": 10, "veryfast": 8, "faster": 6, "fast": 5, "medium": 4}
)


@dataclass(frozen=True, slots=True)
class Coded:
    """An encoded picture, for all viewers alike. The packet's pts are ticks of 1/90000 s."""

    packet: Packet[VideoStream]
    keyframe: bool
    bits: int


@dataclass(frozen=True, slots=True)
class _Kind:
    """Of what pictures an encoder was opened for; other ones need another."""

    size: Size
    colorspace: int
    color_range: int


class Encoder:
    """Opens the codec with the first picture, and again where size or colours change, or the bitrate does so much that
    the open one cannot follow; the picture is a keyframe then.
    """

    def __init__(self, codec: Codec, preset: Preset) -> None:
        self._open: Callable[[_Kind, int, Preset], VideoCodecContext] = _x264 if codec == "h264" else _libvpx
        self._steerable = codec == "h264"
        self._preset = preset
        self._context: VideoCodecContext | None = None
        self._kind: _Kind | None = None
        self._opened_bps = 0

    def encode(self, picture: Yuv420p, ticks: int, bps: int, fps: float, keyframe: bool) -> list[Coded]:
        """`ticks`: when it is shown. `fps`: at which rate pictures come, as far as it is known."""
        frame = frame_of(picture)
        context = self._context_for(frame, round(bps * NOMINAL_FPS / fps) if self._steerable else bps)
        frame.pts, frame.time_base = ticks, TIME_BASE
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        packets = context.encode(frame)
        return [Coded(packet, packet.is_keyframe, 8 * packet.size) for packet in packets]

    def _context_for(self, frame: VideoFrame, bps: int) -> VideoCodecContext:
        kind = _Kind((frame.width, frame.height), int(frame.colorspace), int(frame.color_range))
        if self._context is None or kind != self._kind or not self._follows(bps):
            self._opened_bps = round(bps * _HEADROOM) if self._steerable else bps
            self._context, self._kind = self._open(kind, self._opened_bps, self._preset), kind
        elif self._steerable and abs(bps - (self._context.bit_rate or 0)) > _WORTH_IT * bps:
            self._context.bit_rate = bps
        return self._context

    def _follows(self, bps: int) -> bool:
        """x264 goes down to any rate, but keeps the buffer, hence the size of a keyframe, that it was opened with. It
        never goes above the rate of its opening. libvpx stays at its rate.
        """
        low, high = (0.4, 1.0) if self._steerable else (0.8, 1.25)
        return low * self._opened_bps <= bps <= high * self._opened_bps


def prove(codec: Codec, preset: Preset) -> None:
    """Encode a picture, for whether an encoder works is known by no other sign. `InputError` where it does not."""
    y, chroma = np.zeros((64, 64), np.uint8), np.full((32, 32), 128, np.uint8)
    try:
        coded = Encoder(codec, preset).encode(Yuv420p(y, chroma, chroma), 0, 500_000, NOMINAL_FPS, True)
    except (FFmpegError, UnknownCodecError) as error:
        raise InputError(f"no encoder for {codec} works here ({error}); try `codec: vp8` or `h264`") from error
    if not coded or not coded[0].keyframe:
        raise InputError(f"the encoder for {codec} gives nothing back at once; try `codec: vp8` or `h264`")


def _x264(kind: _Kind, bps: int, preset: Preset) -> VideoCodecContext:
    """Constant bitrate from the start, for that is what x264 can be steered in later (x264's ratecontrol.c: "We don't
    support changing the ABR bitrate"). The buffer holds half a second.
    """
    context = _context("libx264", kind, bps)
    context.profile = "Baseline"  # what WebRTC agrees on: 42e01f, constrained baseline
    context.options = {
        "preset": preset,
        "tune": "zerolatency",
        "forced-idr": "1",
        "maxrate": str(bps),
        "bufsize": str(bps // 2),
    }
    return context


def _libvpx(kind: _Kind, bps: int, preset: Preset) -> VideoCodecContext:
    """libvpx's own advice for live video (webmproject.org, "VP8 Encode Parameter Guide"), at constant bitrate."""
    context = _context("libvpx", kind, bps)
    context.qmin, context.qmax = 2, 56
    context.options = {
        "deadline": "realtime",
        "cpu-used": str(_VP8_SPEED[preset]),
        "lag-in-frames": "0",
        "minrate": str(bps),
        "maxrate": str(bps),
        "bufsize": str(bps // 2),
        "undershoot-pct": "100",
        "overshoot-pct": "15",
        "static-thresh": "1",
    }
    return context


def _context(name: str, kind: _Kind, bps: int) -> VideoCodecContext:
    context = CodecContext.create(name, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = kind.size
    context.pix_fmt = "yuv420p"
    context.colorspace, context.color_range = kind.colorspace, kind.color_range
    context.time_base = TIME_BASE
    context.framerate = Fraction(NOMINAL_FPS)
    context.bit_rate = bps
    context.gop_size = _NO_GUARD  # keyframes are asked for one by one
    context.max_b_frames = 0
    context.thread_count = min(_MOST_THREADS, os.cpu_count() or 1)
    return context
