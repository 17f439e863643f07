"""Which video encoder works on this machine: found by encoding a frame with it, never by its name in a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from livegraph import InputError, Size, Yuv420p
from livegraph_media.ffmpeg import (
    CodecContext,
    FFmpegError,
    UnknownCodecError,
    VideoCodecContext,
    VideoFrame,
    VideoStream,
)
from livegraph_media.planes import MATRIX_CODE, color_range

TIME_BASE = Fraction(1, 60_000)
"""Exact for 24, 25, 30, 50 and 60 fps and their NTSC kin; MPEG-4 part 2 takes nothing finer than 1/65535."""

HARDWARE = ("h264_videotoolbox", "h264_nvenc")
SOFTWARE = ("libx264", "mpeg4")
DEFAULT_FPS = 30.0
_KEYFRAME_GUARD = 600


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoder with its own options, for pictures of one size at a nominal rate."""

    codec: str
    fps: float
    size: Size
    bit_rate: int = 0
    options: Mapping[str, str] = field(default_factory=dict)

    def apply(self, target: VideoStream | VideoCodecContext) -> None:
        """Set up a stream or a bare codec context that is not open yet. No frame is held back: no B-frames, no
        look-ahead, so that a crash loses none that was given.
        """
        context = target.codec_context if isinstance(target, VideoStream) else target
        assert isinstance(context, VideoCodecContext)
        context.width, context.height = self.size
        context.pix_fmt = "yuv420p"
        context.time_base = TIME_BASE
        context.framerate = Fraction(self.fps).limit_denominator(1001)
        context.gop_size = _KEYFRAME_GUARD
        context.max_b_frames = 0
        if self.bit_rate:
            context.bit_rate = self.bit_rate
        context.options = dict(self.options)


def encoding(codec: str, preset: str, crf: int, fps: float, size: Size) -> Encoding:
    """The options by which each encoder comes closest to x264's `preset` and `crf` (0 best, 51 worst) without delay."""
    options: dict[str, str] = {}
    bit_rate = 0
    if codec == "libx264":
        options = {"preset": preset, "crf": str(crf), "tune": "zerolatency", "forced-idr": "1"}
    elif codec == "h264_nvenc":
        options = {"preset": "p4", "rc": "vbr", "cq": str(crf), "delay": "0", "zerolatency": "1", "forced-idr": "1"}
    elif codec == "h264_videotoolbox":
        options = {"realtime": "1"}
        bit_rate = round(0.2 * size[0] * size[1] * fps)
    elif codec == "mpeg4":
        quantizer = str(min(31, max(1, round(2 ** ((crf - 12) / 6)))))
        options = {"qmin": quantizer, "qmax": quantizer}
    return Encoding(codec, fps, size, bit_rate, options)


def live_encoding(preset: str, kilobits: int, fps: float, size: Size) -> Encoding:
    """x264 for a line that carries `kilobits` a second, with a second's worth to spare. Packets come as MP4 and FLV
    have them (avcC); muxers that want start codes put them in themselves.
    """
    rate = 1000 * kilobits
    options = {"preset": preset, "tune": "zerolatency", "forced-idr": "1", "x264-params": "annexb=0"}
    return Encoding("libx264", fps, size, rate, options | {"maxrate": str(rate), "bufsize": str(rate)})


def likely_fps(hint: float | None, duration_ns: int) -> float:
    """The nominal rate: as it is known, else as a frame's duration has it, else 30."""
    return hint or (1e9 / duration_ns if duration_ns else DEFAULT_FPS)


def state_colours(context: VideoCodecContext, like: Yuv420p) -> None:
    """Write into the stream which matrix and range its pictures have."""
    context.colorspace = context.color_primaries = context.color_trc = MATRIX_CODE[like.matrix]
    context.color_range = int(color_range(like.full_range))


def find_encoding(codec: str, preset: str, crf: int, fps: float, size: Size, hardware: bool) -> Encoding:
    """The named encoder, or with `auto` the first that works: hardware (where allowed), then x264, then MPEG-4."""
    names = (codec,) if codec != "auto" else (*HARDWARE, *SOFTWARE) if hardware else SOFTWARE
    reasons = []
    for name in names:
        candidate = encoding(name, preset, crf, fps, size)
        reason = why_not(candidate)
        if reason is None:
            return candidate
        reasons.append(f"{name}: {reason}")
    raise InputError(f"no encoder for {size[0]}x{size[1]} works here ({'; '.join(reasons)}); try `codec: auto`")


def why_not(candidate: Encoding) -> str | None:
    """Why the encoder cannot be used, found by encoding one frame; None where it can."""
    try:
        context = CodecContext.create(candidate.codec, "w")
        assert isinstance(context, VideoCodecContext)
        candidate.apply(context)
        frame = VideoFrame(*candidate.size, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.pts, frame.time_base = 0, TIME_BASE
        packets = [*context.encode(frame), *context.encode(None)]
    except (FFmpegError, UnknownCodecError) as error:
        return str(error)
    return None if packets else "it gave nothing back"
