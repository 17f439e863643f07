"""From a graph's frames to a server: encoded where they come, sent by somebody else."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from livegraph import Frame, InputError, Size, Yuv420p
from livegraph_media.canvas import Canvas, yuv420p_from
from livegraph_media.encoder import DEFAULT_FPS, likely_fps, live_encoding, why_not
from livegraph_media.ffmpeg import Packet, open_container
from livegraph_media.sender import Sender
from livegraph_media.sound_track import EarlySound
from livegraph_media.target import Target
from livegraph_media.tracks import Tracks
from livegraph_media.wire import Chunk, Errand

PATIENCE_S = 5.0
"""How long a server may take for an answer, or to take a packet, until it counts as lost."""
_USUAL_SIZE: Size = (640, 360)
_HEAD_AT_ONCE = {"movflags": "+empty_moov+default_base_moof"}


@dataclass(frozen=True, slots=True)
class Rate:
    """How a live stream is encoded; see the parameters of `media.rtmp`."""

    preset: str
    kilobits: int
    gop_s: float


class Streamer:
    """Encodes frames and hands them to a `Sender`; while the server is away they are dropped, and not encoded."""

    def __init__(
        self,
        target: Target,
        rate: Rate,
        fps: float | None,
        say: Callable[[str], None],
        now_ns: Callable[[], int],
        sound: bool = False,
    ) -> None:
        """`fps`: the nominal rate where it is known; times are the frames' own. `sound`: whether that comes, too."""
        self._target, self._rate, self._fps, self._say = target, rate, fps, say
        self._sender = Sender(target.name, say, now_ns)
        self._tracks: Tracks | None = None
        self._sound = sound
        self._early = EarlySound()
        self._first_ns = 0

    def warm_up(self) -> None:
        """Load the encoder, and find out before the first frame where there is none."""
        encoding = live_encoding(self._rate.preset, self._rate.kilobits, self._fps or DEFAULT_FPS, _USUAL_SIZE)
        if (reason := why_not(encoding)) is not None:
            raise InputError(f"H.264 cannot be encoded here ({encoding.codec}: {reason})")

    def add(self, frame: Frame) -> None:
        """Encode one frame, if it can be sent."""
        picture = yuv420p_from(frame.data)
        tracks = self._tracks or self._start(picture, frame)
        since_ns = frame.pts_ns - self._first_ns
        wanted = self._sender.wanted(since_ns // 1000)
        if wanted != "nothing":
            packets = tracks.encode(self._canvas.frame(picture), since_ns, wanted == "keyframe")
            self._sender.put(map(_chunk, packets))
        self._send_sound(tracks)

    def add_sound(self, block: Frame) -> None:
        """Encode a block of sound, and send it where the picture is sent."""
        self._early.put(block)
        if self._tracks is not None:
            self._send_sound(self._tracks)

    def _send_sound(self, tracks: Tracks) -> None:
        for block, since_ns in self._early.take(self._first_ns):
            self._sender.put(map(_chunk, tracks.encode_sound(block, since_ns)))

    def status(self) -> dict[str, Any]:
        return self._sender.status()

    def finish(self) -> None:
        self._sender.close()

    def _start(self, first: Yuv420p, frame: Frame) -> Tracks:
        """Open the encoders for pictures like the first one. They stand in a file's head that is kept in memory: from
        it, a relay learns what the streams are.
        """
        rate, head = self._rate, io.BytesIO()
        self._canvas = Canvas(first, self._say, "sending", "sent")
        encoding = live_encoding(
            rate.preset, rate.kilobits, likely_fps(self._fps, frame.duration_ns), self._canvas.size
        )
        self._home = open_container(head, "w", format="mp4", options=dict(_HEAD_AT_ONCE))
        self._tracks = Tracks(self._home, encoding, first, round(rate.gop_s * 1e9), self._sound)
        self._first_ns = frame.pts_ns
        target = self._target
        self._sender.begin(Errand(target.url, target.form, target.options, target.hidden, head.getvalue(), PATIENCE_S))
        return self._tracks


def _chunk(packet: Packet[Any]) -> Chunk:
    assert packet.pts is not None and packet.time_base is not None
    return Chunk(
        packet.stream.index, packet.is_keyframe, round(packet.pts * packet.time_base * 1_000_000), bytes(packet)
    )
