"""What this plugin uses of PyAV, imported in one place.

Nodes are set up at the same time, each on its own thread. Were two of them to import parts of PyAV in different orders,
Python would break the deadlock by handing out a half-imported module; here the package always comes first.
"""

import av  # isort: split

from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.codec import UnknownCodecError
from av.container import InputContainer, OutputContainer
from av.device import enumerate_input_devices
from av.error import BlockingIOError as NothingYet
from av.error import ExitError as TimedOut
from av.error import FFmpegError, InvalidDataError, ProtocolNotFoundError
from av.filter import Graph as FilterGraph
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream

CodecContext = av.CodecContext
formats_available = av.formats_available
MICROSECOND = av.time_base
"""Containers count start and duration in units of a second over this."""
open_container = av.open
log_capture = av.logging.Capture
set_log_level = av.logging.set_level
LOG_ERRORS = av.logging.ERROR

__all__ = [
    "LOG_ERRORS",
    "MICROSECOND",
    "AudioFrame",
    "AudioResampler",
    "AudioStream",
    "CodecContext",
    "ColorRange",
    "Colorspace",
    "Disposition",
    "FFmpegError",
    "FilterGraph",
    "InputContainer",
    "Interpolation",
    "InvalidDataError",
    "NothingYet",
    "OutputContainer",
    "Packet",
    "PictureType",
    "ProtocolNotFoundError",
    "Stream",
    "TimedOut",
    "UnknownCodecError",
    "VideoCodecContext",
    "VideoFrame",
    "VideoReformatter",
    "VideoStream",
    "enumerate_input_devices",
    "formats_available",
    "log_capture",
    "open_container",
    "set_log_level",
]
