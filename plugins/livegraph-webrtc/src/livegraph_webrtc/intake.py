"""Takes a receiver's packets over from aiortc, which goes on to ask for those that are missing and to report.

aiortc decodes by itself, without bounds: pictures pile up before a slow decoder and behind it, a picture waits for the
first packet of the next, and one lost packet holds all up until 512 others have come. So its jitter buffer is replaced
by this one, which hands nothing back. With `feedback.py` and `pair.py` it is all that touches names of aiortc's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from aiortc.rtcrtptransceiver import RTCRtpTransceiver
from aiortc.rtp import RtpPacket

from livegraph_webrtc.assembly import Assembly, Piece
from livegraph_webrtc.bitrate import Flow
from livegraph_webrtc.bitstream import is_keyframe
from livegraph_webrtc.decoder import Decoder

ASK_EVERY_S = 0.5
"""How often a sender is asked for a keyframe that does not come."""


class Intake:
    """Has the form of aiortc's `JitterBuffer`. Loop thread only."""

    def __init__(
        self,
        decoder: Decoder,
        codec_of: Callable[[int], str | None],
        arrived: Callable[[int, float], None] = lambda ticks, arrived_s: None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`codec_of`: the codec's name by the payload type that the answer agreed on. `arrived` hears the time of each
        picture, in ticks that do not wrap, and when it was there.
        """
        self._decoder = decoder
        self._codec_of = codec_of
        self._arrived = arrived
        self._now_s = now_s
        self._assembly = Assembly(now_s)
        self._flow = Flow()
        self._asked_s: float | None = None
        self.last_s: float | None = None
        """When the last packet came."""
        self.asked = 0
        """How often a keyframe was asked for."""

    @property
    def lost(self) -> int:
        return self._assembly.lost

    @property
    def bps(self) -> float:
        return self._flow.bps(self._now_s())

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """Whether aiortc shall ask for a keyframe (PLI); and no picture for it to decode."""
        self.last_s = self._now_s()
        codec = self._codec_of(packet.payload_type)
        if codec is not None:
            data: bytes = packet._data  # type: ignore[attr-defined]
            self._flow.add(self.last_s, 8 * len(data))
            piece = Piece(packet.sequence_number, packet.timestamp, bool(packet.marker), data)
            for picture in self._assembly.add(piece):
                self._arrived(picture.ticks, picture.arrived_s)
                self._decoder.put(codec, picture, is_keyframe(codec, picture.data))
        return self._asks(), None

    def _asks(self) -> bool:
        """At the start, after a loss, after a picture that could not be decoded; again where none comes."""
        if not self._decoder.starved:
            return False
        now_s = self._now_s()
        if self._asked_s is not None and now_s - self._asked_s < ASK_EVERY_S:
            return False
        self._asked_s = now_s
        self.asked += 1
        return True


def take_over(transceiver: RTCRtpTransceiver, decoder: Decoder, arrived: Callable[[int, float], None]) -> Intake:
    """From now on the transceiver's packets go to this intake, and their pictures to the decoder."""
    codecs: dict[int | None, str] = {}

    def codec_of(payload_type: int) -> str | None:
        if not codecs:
            codecs.update((codec.payloadType, codec.name) for codec in transceiver._codecs)
        return codecs.get(payload_type)

    intake = Intake(decoder, codec_of, arrived)
    replace_jitter_buffer(transceiver, intake)
    return intake


def replace_jitter_buffer(transceiver: RTCRtpTransceiver, intake: object) -> None:
    """`intake` has its form: an `add` that is given each packet."""
    receiver, name = transceiver.receiver, "_RTCRtpReceiver__jitter_buffer"
    if not hasattr(receiver, name):
        raise RuntimeError("this aiortc keeps its jitter buffer elsewhere; livegraph-webrtc knows 1.15 and 1.16")
    setattr(receiver, name, intake)
