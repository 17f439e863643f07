"""Silence as an AAC track, for servers and players that wait for sound where a stream has none."""

from __future__ import annotations

from fractions import Fraction

from livegraph_media.ffmpeg import AudioFrame, AudioStream, OutputContainer, Packet, Stream

RATE = 48_000
SAMPLES = 1024
"""Per packet: what AAC-LC has (ISO/IEC 14496-3)."""
_SETTLED = 8
"""Packets after which the encoder gives the same few bytes for ever."""
_LONGEST_S = 1
"""A longer stretch without pictures is left out of the sound too."""


class Silence:
    """The track; its packets are copies of one that was encoded once."""

    def __init__(self, output: OutputContainer) -> None:
        stream = output.add_stream("aac", rate=RATE)
        assert isinstance(stream, AudioStream)
        stream.codec_context.layout = "stereo"
        self.stream = stream
        self._next = 0

    def prepare(self) -> None:
        """Encode the packet, once the container has opened its encoders."""
        frame = AudioFrame(format="fltp", layout="stereo", samples=SAMPLES)
        frame.sample_rate = RATE
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        packets = []
        for index in range(_SETTLED):
            frame.pts, frame.time_base = index * SAMPLES, Fraction(1, RATE)
            packets += self.stream.encode(frame)
        self._payload = bytes(packets[-1])

    def beyond(self, pts_ns: int) -> list[Packet[Stream]]:
        """The packets that were not given yet, up to the first that begins after `pts_ns`: a muxer holds a picture back
        until it knows that no sound comes before it.
        """
        end = pts_ns * RATE // 1_000_000_000 + SAMPLES
        if end - self._next > _LONGEST_S * RATE:
            self._next = end - SAMPLES
        begins = range(self._next, end, SAMPLES)
        self._next += len(begins) * SAMPLES
        return [self._packet(begin) for begin in begins]

    def _packet(self, begin: int) -> Packet[Stream]:
        packet: Packet[Stream] = Packet(self._payload)
        packet.stream = self.stream
        packet.pts = packet.dts = begin
        packet.duration = SAMPLES
        packet.time_base = Fraction(1, RATE)
        return packet
