"""One pass over a container for the readers of several of its streams."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from livegraph_media.ffmpeg import AudioStream, InputContainer, Packet, VideoStream


class Packets:
    """The packets of some streams, of each in the file's order. What was passed on the way to another stream's packet
    waits here, still encoded.
    """

    def __init__(self, container: InputContainer, *streams: VideoStream | AudioStream) -> None:
        demux: Any = container.demux  # its types know of streams of one kind only
        self._passing: Iterator[Packet[Any]] = demux(*streams)
        self._waiting: dict[int, deque[Packet[Any]]] = {stream.index: deque() for stream in streams}

    def take(self, stream: VideoStream | AudioStream, reach: int | None = None) -> Packet[Any] | None:
        """The next packet of a stream; None after the last one, or where it lies behind more than `reach` packets of
        other streams that nobody has taken yet.
        """
        waiting = self._waiting[stream.index]
        while not waiting:
            if reach is not None and sum(map(len, self._waiting.values())) >= reach:
                return None
            packet = next(self._passing, None)
            if packet is None:
                return None
            self._waiting[packet.stream.index].append(packet)
        return waiting.popleft()
