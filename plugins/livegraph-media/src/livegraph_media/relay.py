"""The program that talks to a server: `python -m livegraph_media.relay`, which `RelayProcess` starts.

It is a process of its own because PyAV holds Python's lock while it connects and while it takes its leave: a server
that does not answer would stop the whole graph (other threads waited 3.1 s for one that was stopped for 3 s). And
FFmpeg has no time limit that holds for every protocol, but a process has one: the system's alarm ends it.

stdin brings an errand and then chunks (see `wire`): arguments, which carry the server's key, could be read by everybody
on the machine. stdout says `live` when the server has taken the stream, and `lost` with a reason when it is gone.
"""

from __future__ import annotations

import errno
import io
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction

from livegraph_media.decode import why
from livegraph_media.ffmpeg import (
    LOG_ERRORS,
    FFmpegError,
    OutputContainer,
    Packet,
    Stream,
    log_capture,
    open_container,
    set_log_level,
)
from livegraph_media.tracks import PICTURE
from livegraph_media.wire import CONNECT, Chunk, Errand, read_chunk, read_errand

_MICROSECOND = Fraction(1, 1_000_000)
_ERRORS = (OSError, FFmpegError)
_VAGUE = (errno.EIO, errno.EPERM)


class Relay:
    """Sends chunks to a server, while there is one. Each connection begins with a keyframe, and its times with 0."""

    def __init__(self, errand: Errand, answer: Callable[[str], None]) -> None:
        self._errand = errand
        self._answer = answer
        self._template = open_container(io.BytesIO(errand.template), "r", format="mp4")
        self._output: OutputContainer | None = None
        self._streams: list[Stream] = []
        self._origin_us: int | None = None

    def take(self, chunk: Chunk) -> None:
        if chunk == CONNECT:
            self._guarded(self._connect)
        elif self._output is not None:
            self._guarded(lambda: self._send(chunk))

    def close(self) -> None:
        """Take leave of the server."""
        output, self._output = self._output, None
        if output is not None:
            with suppress(*_ERRORS), _alarm(self._errand.patience_s):
                output.close()

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            with _alarm(self._errand.patience_s):
                step()
        except _ERRORS as error:
            self._answer(f"lost {why(error)}")
            self.close()

    def _connect(self) -> None:
        self.close()
        errand = self._errand
        output = open_container(errand.url, "w", format=errand.form, options=dict(errand.options))
        self._streams = [output.add_stream_from_template(stream) for stream in self._template.streams]
        with _explained(errand.hidden):
            output.start_encoding()
        self._output, self._origin_us = output, None
        self._answer("live")

    def _send(self, chunk: Chunk) -> None:
        if self._origin_us is None and chunk.track == PICTURE and chunk.keyframe:
            self._origin_us = chunk.pts_us
        if self._origin_us is None or self._output is None or chunk.pts_us < self._origin_us:
            return
        packet: Packet[Stream] = Packet(chunk.data)
        packet.stream = self._streams[chunk.track]
        packet.pts = packet.dts = chunk.pts_us - self._origin_us
        packet.time_base = _MICROSECOND
        packet.is_keyframe = chunk.keyframe
        self._output.mux_one(packet)


@contextmanager
def _explained(hidden: Sequence[str]) -> Iterator[None]:
    """Where FFmpeg's error says too little (a certificate, a refused stream, a wrong host: all I/O errors), the first
    line of its log says more. A line with something hidden in it says nothing.
    """
    set_log_level(LOG_ERRORS)
    try:
        with log_capture(False) as told:
            yield
    except _ERRORS as error:
        lines = [line.strip() for _, speaker, line in told if speaker != "tee"]
        if getattr(error, "errno", None) in _VAGUE and lines and not any(part in lines[0] for part in hidden):
            raise OSError(error.errno, lines[0]) from error
        raise
    finally:
        set_log_level(None)


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """What takes longer ends the process; nothing less gets through to code that waits inside FFmpeg."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> None:
    errand = read_errand(sys.stdin.buffer)
    if errand is None:
        return
    relay = Relay(errand, _answer)
    while (chunk := read_chunk(sys.stdin.buffer)) is not None:
        relay.take(chunk)
    relay.close()


def _answer(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
