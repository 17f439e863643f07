"""Encoded packets on their way to a server that may be slow, or away. Pure logic: no threads, no clock."""

from __future__ import annotations

from collections import deque
from typing import Literal, TypeAlias

from livegraph_media.tracks import PICTURE
from livegraph_media.wire import Chunk

SPAN_US = 2_000_000
LARGEST = 16 << 20

Wanted: TypeAlias = Literal["nothing", "keyframe", "picture"]


class Backlog:
    """A queue of at most two seconds (and 16 MiB), in which the newest wins.

    Decoding cannot go on behind a lost packet. So what is dropped is dropped up to a keyframe: the queue begins with
    one, whenever it was opened or has overflowed. `dropped` counts pictures.
    """

    def __init__(self, span_us: int = SPAN_US, largest: int = LARGEST) -> None:
        self._span_us, self._largest = span_us, largest
        self._chunks: deque[Chunk] = deque()
        self._nbytes = 0
        self._is_open = False
        self._broken = True
        self.dropped = 0

    def open(self) -> None:
        """A server is there: from the next keyframe on, packets are kept."""
        self._clear()
        self._is_open = True

    def close(self) -> None:
        """It is away: what waits is dropped, and what comes."""
        self._clear()
        self._is_open = False

    def wanted(self, pts_us: int) -> Wanted:
        """What to encode of a picture that is there now. Where it is nothing, it counts as dropped."""
        if not self._is_open:
            self.dropped += 1
            return "nothing"
        if self._chunks and (pts_us - self._chunks[0].pts_us > self._span_us or self._nbytes > self._largest):
            self._clear()
        return "keyframe" if self._broken else "picture"

    def put(self, chunk: Chunk) -> None:
        if chunk.track == PICTURE and chunk.keyframe and self._is_open:
            self._broken = False
        if self._broken:
            self.dropped += chunk.track == PICTURE
            return
        self._chunks.append(chunk)
        self._nbytes += len(chunk.data)

    def take(self) -> Chunk | None:
        """The oldest packet; None where there is none."""
        if not self._chunks:
            return None
        chunk = self._chunks.popleft()
        self._nbytes -= len(chunk.data)
        return chunk

    def _clear(self) -> None:
        self.dropped += sum(chunk.track == PICTURE for chunk in self._chunks)
        self._chunks.clear()
        self._nbytes = 0
        self._broken = True
