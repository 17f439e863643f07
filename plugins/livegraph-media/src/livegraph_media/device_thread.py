"""A thread that reads a device, and opens it again when it vanishes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from livegraph import NodeError
from livegraph_media.decode import why
from livegraph_media.ffmpeg import AudioStream, FFmpegError, InputContainer, InvalidDataError, NothingYet, VideoStream

RETRY_S = 0.5
_POLL_S = 0.002
_JOIN_S = 2.0
Opener = Callable[[], InputContainer]


class DeviceThread:
    """Opens a device and reads it until `close`. The first opening happens here, and its errors are the caller's; one
    that is lost later is looked for every half second. What is read, `_read` of a subclass keeps.
    """

    def __init__(self, opener: Opener, name: str) -> None:
        self._opener = opener
        self._stop = threading.Event()
        self._news = threading.Condition()
        self._fresh = False
        self._failure: Exception | None = None
        self.lost: str | None = None
        """Why the device is away now, if it is."""
        self._thread = threading.Thread(target=self._run, args=(opener(),), name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading. A device that hangs keeps its thread; it ends with the program."""
        self._stop.set()
        self._thread.join(_JOIN_S)

    def _read(self, container: InputContainer) -> None:
        """Keep what comes, until it ends or the thread has to stop. `_fresh` says that the device was opened anew."""
        raise NotImplementedError

    def _raise_failure(self) -> None:
        """A bug that ended the thread is raised where things are taken."""
        if self._failure is not None:
            raise self._failure

    def _decoded(self, container: InputContainer, stream: VideoStream | AudioStream) -> Iterator[Any]:
        """The stream's frames as they come; damaged ones are left out, for the next is on its way."""
        demux: Any = container.demux  # its types know of streams of one kind only
        while not self._stop.is_set():
            try:
                for packet in demux(stream):
                    if self._stop.is_set():
                        return
                    try:
                        frames = packet.decode()
                    except InvalidDataError:
                        continue
                    yield from frames
                return
            except NothingYet:
                self._stop.wait(_POLL_S)

    def _run(self, container: InputContainer | None) -> None:
        try:
            while not self._stop.is_set():
                if container is not None:
                    self.lost = None
                    self.lost = self._read_until_lost(container)
                    self._fresh = True
                if self._stop.wait(RETRY_S):
                    return
                container = self._reopen()
        except Exception as error:  # a bug, not the device
            self._failure = error

    def _read_until_lost(self, container: InputContainer) -> str:
        try:
            self._read(container)
        except (OSError, FFmpegError, NodeError) as error:
            return why(error)
        finally:
            container.close()
        return "it ended"

    def _reopen(self) -> InputContainer | None:
        try:
            return self._opener()
        except (OSError, FFmpegError, NodeError):
            return None
