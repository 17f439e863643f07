"""The part of cyndilib 0.1.3 that the nodes use, typed here, so that nothing imports it before a node is built."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Protocol, cast

from livegraph import Image, InputError, Size

NAME = "cyndilib"


class VideoSendFrame(Protocol):
    """What a sender sends; its shape is fixed once the sender is open."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    def set_resolution(self, xres: int, yres: int) -> None: ...
    def set_fourcc(self, value: Any) -> None: ...
    def set_frame_rate(self, value: Fraction) -> None: ...


class Sender(Protocol):
    @property
    def name(self) -> str: ...
    def set_video_frame(self, vf: VideoSendFrame) -> None: ...
    def open(self) -> None: ...
    def write_video(self, data: Image) -> bool:
        """Copies and sends; `data` is one-dimensional and writable."""
        ...

    def get_num_connections(self, timeout: float) -> int: ...
    def close(self) -> None: ...


class VideoFrameSync(Protocol):
    """The last captured picture; while somebody holds its bytes the next cannot be captured."""

    def get_resolution(self) -> Size: ...
    def get_line_stride(self) -> int: ...
    def get_frame_rate(self) -> Fraction: ...
    def get_timestamp_posix(self) -> float: ...
    def get_timecode_posix(self) -> float: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...


class FrameSync(Protocol):
    def set_video_frame(self, video_frame: VideoFrameSync) -> None: ...
    def capture_video(self) -> None:
        """The newest picture, at once; the same again where none came since."""
        ...


class Receiver(Protocol):
    frame_sync: FrameSync

    def set_source(self, src: Any) -> None: ...
    def get_num_connections(self) -> int: ...


class Finder(Protocol):
    def open(self) -> None: ...
    def get_source_names(self) -> Sequence[str]: ...
    def get_source(self, name: str) -> Any: ...
    def close(self) -> None: ...


class Cyndilib(Protocol):
    """The module. `FourCC`, `RecvColorFormat` and `RecvBandwidth` are enums."""

    Sender: Callable[..., Sender]
    VideoSendFrame: Callable[[], VideoSendFrame]
    Finder: Callable[[], Finder]
    Receiver: Callable[..., Receiver]
    VideoFrameSync: Callable[[], VideoFrameSync]
    FourCC: Any
    RecvColorFormat: Any
    RecvBandwidth: Any


def why_not() -> str | None:
    """The reason why NDI cannot be used here, else None. Imports nothing."""
    if importlib.util.find_spec(NAME) is None:
        return "cyndilib, which carries the NDI runtime, is not installed (pip install cyndilib)"
    return None


def load() -> Cyndilib:
    """The module; InputError says what is missing."""
    if (reason := why_not()) is not None:
        raise InputError(reason)
    try:
        return cast(Cyndilib, importlib.import_module(NAME))
    except (ImportError, OSError) as error:
        way_out = "try: pip install --force-reinstall cyndilib"
        raise InputError(f"the NDI runtime cannot be loaded ({error}); {way_out}") from error
