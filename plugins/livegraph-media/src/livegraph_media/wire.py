"""What goes through the pipe to a relay: what it has to do, once, and then packets as plain data."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import IO, NamedTuple

_HEAD = struct.Struct("!B?qI")


class Errand(NamedTuple):
    """Where a relay sends to. `url`, `form` and `options` are FFmpeg's output, and `hidden` is what of the address may
    not be told. `template` is the head of an MP4 file whose streams are those to send; `patience_s` is how long the
    server may take for one answer.
    """

    url: str
    form: str
    options: Mapping[str, str]
    hidden: Sequence[str]
    template: bytes
    patience_s: float


class Chunk(NamedTuple):
    """A packet. `track`: which of the template's streams. `pts_us`: microseconds, rising, from an arbitrary origin."""

    track: int
    keyframe: bool
    pts_us: int
    data: bytes


CONNECT = Chunk(0, False, 0, b"")
"""No packet, but the word to connect; what comes before the answer is not sent."""


def write_errand(pipe: IO[bytes], errand: Errand) -> None:
    told = errand._replace(template=b"")._asdict() | {"template": errand.template.hex()}
    pipe.write(json.dumps(told).encode() + b"\n")


def read_errand(pipe: IO[bytes]) -> Errand | None:
    """None where the pipe was closed."""
    line = pipe.readline()
    if not line:
        return None
    told = json.loads(line)
    return Errand(**told | {"template": bytes.fromhex(told["template"])})


def write_chunk(pipe: IO[bytes], chunk: Chunk) -> None:
    pipe.write(_HEAD.pack(chunk.track, chunk.keyframe, chunk.pts_us, len(chunk.data)) + chunk.data)


def read_chunk(pipe: IO[bytes]) -> Chunk | None:
    """None where the pipe was closed."""
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    track, keyframe, pts_us, size = _HEAD.unpack(head)
    data = pipe.read(size)
    return Chunk(track, keyframe, pts_us, data) if len(data) == size else None
