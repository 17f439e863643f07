"""A video file in the making, which stays playable whatever happens to the program.

Measured for SIGKILL: fragments and clusters are bounded in time, not in frames; the encoder holds nothing back.
"""

from __future__ import annotations

from pathlib import Path

from livegraph import Frame, Yuv420p
from livegraph_media.encoder import Encoding, state_colours
from livegraph_media.ffmpeg import Packet, VideoFrame, VideoStream, open_container
from livegraph_media.sound_track import SoundTrack
from livegraph_media.stamps import Stamps, ticks_of

KEYFRAME_EVERY_NS = 2_000_000_000
_FRAGMENT_US = 200_000
_FRAGMENTED = {"movflags": "+hybrid_fragmented", "frag_duration": str(_FRAGMENT_US), "flush_packets": "1"}
_NOT_WAITING = {"max_interleave_delta": "200000"}
"""Microseconds that one track is held back for another one of which nothing comes."""
_CONTAINERS = {
    ".mp4": ("mp4", _FRAGMENTED),
    ".m4v": ("mp4", _FRAGMENTED),
    ".mov": ("mov", _FRAGMENTED),
    ".mkv": ("matroska", {"cluster_time_limit": "200", "flush_packets": "1"}),
}


class Recording:
    """Encodes frames into a file. Times are nanoseconds from the first picture on."""

    def __init__(self, path: Path, encoding: Encoding, like: Yuv420p, sound: bool = False) -> None:
        """`like` says which matrix and range all frames have; `sound`, whether there is a track for it."""
        container, options = _CONTAINERS[path.suffix.lower()]
        options = {**options, **(_NOT_WAITING if sound else {})}
        self._output = open_container(str(path), "w", format=container, options=options)
        stream = self._output.add_stream(encoding.codec)
        assert isinstance(stream, VideoStream)
        encoding.apply(stream)
        state_colours(stream.codec_context, like)
        self._sound = SoundTrack(self._output) if sound else None
        self._output.start_encoding()
        self._stream = stream
        self._held: Packet[VideoStream] | None = None
        self._stamps = Stamps(KEYFRAME_EVERY_NS)

    def write(self, frame: VideoFrame, pts_ns: int) -> None:
        """Append a frame at `pts_ns`; what does not rise by a tick (1/60000 s) is moved to the next one."""
        self._stamps.stamp(frame, pts_ns)
        self._mux(self._stream.encode(frame))
        if self._sound is not None:
            self._output.mux(list(self._sound.beyond(pts_ns)))

    def write_sound(self, sound: Frame, pts_ns: int) -> None:
        """Append a block of sound; see `SoundTrack`."""
        assert self._sound is not None
        self._output.mux(list(self._sound.encode(sound, pts_ns)))

    def close(self, end_ns: int) -> None:
        """Finish the file; the last picture stays until `end_ns`."""
        try:
            if self._sound is not None:
                self._output.mux(list(self._sound.finish()))
            self._mux(self._stream.encode(None))
            if self._held is not None:
                self._release(ticks_of(end_ns))
        finally:
            self._output.close()

    def _mux(self, packets: list[Packet[VideoStream]]) -> None:
        """Each packet waits for the next one, which says how long its picture stays."""
        for packet in packets:
            if self._held is not None:
                assert packet.dts is not None
                self._release(packet.dts)
            self._held = packet

    def _release(self, until: int) -> None:
        packet, self._held = self._held, None
        assert packet is not None and packet.dts is not None
        packet.duration = max(1, until - packet.dts)
        self._output.mux_one(packet)
