"""A stand-in for cyndilib 0.1.3, of the parts that the nodes use, on a network in memory.

Names and signatures are those of its `sender.pyi`, `video_frame.pyi`, `receiver.pyi`, `finder.pyi` and `framesync.pyi`;
what it refuses stands in the `.pyx` files beside them: a frame that cannot be altered while its sender is open
(`video_frame.pyx`), bytes that are not writable or of another length (`cnp.uint8_t[:]`), a capture while a view is held
(`framesync.pyx`). `test_stand_in.py` compares it with the real one where that is installed.
"""

from __future__ import annotations

import enum
from fractions import Fraction
from importlib.machinery import ModuleSpec

import numpy as np

__spec__ = ModuleSpec("cyndilib", None)  # what find_spec gives for a module that is loaded already


class FourCC(enum.IntEnum):
    I420 = 0x30323449
    RGBX = 0x58424752


class RecvColorFormat(enum.IntFlag):
    RGBX_RGBA = 2


class RecvBandwidth(enum.IntEnum):
    lowest = 0
    highest = 100


class Network:
    """The programs of the network. A program `shows` pictures, and may leave and come back."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.programs: dict[str, Program] = {}
        self.senders: list[Sender] = []
        self.receivers: list[Receiver] = []

    def announce(self, name: str) -> Program:
        return self.programs.setdefault(name, Program())


class Program:
    def __init__(self) -> None:
        self.there = True
        self.picture: np.ndarray | None = None
        self.shown = 0

    def show(self, rgb: np.ndarray) -> None:
        self.shown += 1
        self.picture = rgb


network = Network()


class VideoSendFrame:
    def __init__(self, *args, **kwargs) -> None:
        self.attached_to_sender = False
        self.size = 0, 0
        self.fourcc: FourCC | None = None
        self.rate = Fraction(30)

    @property
    def shape(self) -> tuple[int, ...]:
        width, height = self.size
        return (width * height * (4 if self.fourcc is FourCC.RGBX else 1) + self._chroma(),)

    def _chroma(self) -> int:
        return self.size[0] * self.size[1] // 2 if self.fourcc is FourCC.I420 else 0

    def set_resolution(self, xres: int, yres: int) -> None:
        self._may_change()
        self.size = xres, yres

    def set_fourcc(self, value: FourCC) -> None:
        self._may_change()
        self.fourcc = FourCC(value)

    def set_frame_rate(self, value: Fraction) -> None:
        self.rate = Fraction(value.numerator, value.denominator)

    def _may_change(self) -> None:
        if self.attached_to_sender:
            raise Exception("Cannot alter frame")


class Sender:
    def __init__(self, ndi_name: str, ndi_groups: str = "", clock_video: bool = True, clock_audio: bool = True) -> None:
        self.ndi_name = ndi_name
        self.clock_video = clock_video
        self.frame: VideoSendFrame | None = None
        self.sent: list[np.ndarray] = []
        self.running = self.closed = False
        self.watched = 1
        network.senders.append(self)

    @property
    def name(self) -> str:
        return f"HERE ({self.ndi_name})"

    def set_video_frame(self, vf: VideoSendFrame) -> None:
        assert not self.running, "Cannot add frame while sender is open"
        self.frame = vf

    def open(self) -> None:
        assert self.frame is not None, "Cannot start sender. No frame objects"
        self.running = self.frame.attached_to_sender = True

    def write_video(self, data) -> bool:
        view = memoryview(data)
        assert self.frame is not None
        if view.readonly or view.ndim != 1 or view.format != "B" or view.shape != self.frame.shape:
            raise ValueError(f"{view.ndim}-d {view.format} {view.shape}, read-only: {view.readonly}")
        if self.running:
            self.sent.append(np.array(view))
        return self.running

    def get_num_connections(self, timeout: float) -> int:
        assert self.running, "a crash: the pointer is NULL"
        return self.watched

    def close(self) -> None:
        self.running, self.closed = False, True


class Source:
    def __init__(self, name: str = "") -> None:
        self.name = name


class Finder:
    def __init__(self) -> None:
        self.is_open = False

    def open(self) -> None:
        self.is_open = True

    def get_source_names(self) -> list[str]:
        assert self.is_open
        return [name for name, program in network.programs.items() if program.there]

    def get_source(self, name: str) -> Source:
        return Source(name)

    def close(self) -> None:
        self.is_open = False


class VideoFrameSync(bytearray):
    """RGBX, its rows padded by two pixels, so that who ignores the stride is found out. A bytearray, for a class in
    Python 3.11 has no buffer protocol of its own; nor can it be resized while a view is held, as the real one.
    """

    PADDING = 2

    def __init__(self, *args, **kwargs) -> None:
        super().__init__()
        self.size = 0, 0
        self.stamp = 0.0
        self.rate: tuple[int, int] = 0, 0

    def get_resolution(self) -> tuple[int, int]:
        return self.size

    def get_line_stride(self) -> int:
        return (self.size[0] + self.PADDING) * 4

    def get_frame_rate(self) -> Fraction:
        return Fraction(*self.rate)  # ZeroDivisionError before the first picture, as the real one

    def get_timestamp_posix(self) -> float:
        return self.stamp

    def get_timecode_posix(self) -> float:
        return self.stamp


class FrameSync:
    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def set_video_frame(self, video_frame: VideoFrameSync) -> None:
        self.video = video_frame

    def capture_video(self, fmt: int = 1) -> None:
        program = self.receiver.program
        if program is None or not program.there or program.picture is None:
            return
        height, width = program.picture.shape[:2]
        pixels = np.full((height, width + VideoFrameSync.PADDING, 4), 7, np.uint8)
        pixels[:, :width, :3] = program.picture
        self.video.size = width, height
        self.video.clear()
        self.video.extend(pixels.tobytes())
        self.video.stamp, self.video.rate = float(program.shown), (30000, 1001)


class Receiver:
    def __init__(
        self,
        source_name: str = "",
        source: Source | None = None,
        color_format: RecvColorFormat = RecvColorFormat.RGBX_RGBA,
        bandwidth: RecvBandwidth = RecvBandwidth.lowest,
        allow_video_fields: bool = True,
        recv_name: str = "",
    ) -> None:
        self.color_format, self.bandwidth = RecvColorFormat(color_format), RecvBandwidth(bandwidth)
        self.frame_sync = FrameSync(self)
        self.program: Program | None = None
        self.source: Source | None = None
        network.receivers.append(self)

    def set_source(self, src: Source | None) -> None:
        self.source = src
        self.program = None if src is None else network.programs[src.name]

    def get_num_connections(self) -> int:
        return int(self.program is not None and self.program.there)
