"""What this plugin uses of PyAV, imported in one place, the package first: nodes are imported on threads of their own,
and two orders of import could meet in a deadlock.
"""

import av  # isort: split

from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.codec import UnknownCodecError
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

CodecContext = av.CodecContext

__all__ = [
    "AudioCodecContext",
    "AudioFrame",
    "AudioResampler",
    "AudioStream",
    "CodecContext",
    "FFmpegError",
    "Interpolation",
    "Packet",
    "PictureType",
    "UnknownCodecError",
    "VideoCodecContext",
    "VideoFrame",
    "VideoReformatter",
    "VideoStream",
]
