"""Takes a receiver's packets of sound over from aiortc, as `intake.py` does those of pictures.

aiortc holds sound back until four later packets have come, and gives up its own order where one is lost. A packet that
is missing here is waited for until three later ones have come; then there is a hole.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from aiortc.rtcrtptransceiver import RTCRtpTransceiver
from aiortc.rtp import RtpPacket

from livegraph_webrtc.bitrate import Flow
from livegraph_webrtc.intake import replace_jitter_buffer
from livegraph_webrtc.opus_decoder import OpusDecoder, OpusPacket
from livegraph_webrtc.reorder import Reorder
from livegraph_webrtc.rtp_time import Unwrapped


class SoundIntake:
    """Has the form of aiortc's `JitterBuffer`. Loop thread only. `arrived` hears the time of each packet, in ticks of
    1/48000 s that do not wrap, and when it came, in seconds.
    """

    def __init__(
        self,
        decoder: OpusDecoder,
        arrived: Callable[[int, float], None],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._decoder = decoder
        self._arrived = arrived
        self._now_s = now_s
        self._order: Reorder[OpusPacket] = Reorder()
        self._times = Unwrapped(32)
        self._flow = Flow()
        self.last_s: float | None = None
        """When the last packet came."""

    @property
    def lost(self) -> int:
        return self._order.lost

    @property
    def bps(self) -> float:
        return self._flow.bps(self._now_s())

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """No keyframe to ask for, and nothing for aiortc to decode."""
        self.last_s = now_s = self._now_s()
        data: bytes = packet._data  # type: ignore[attr-defined]
        self._flow.add(now_s, 8 * len(data))
        ticks = self._times.place(packet.timestamp)
        self._arrived(ticks, now_s)
        if data:
            for ready in self._order.put(packet.sequence_number, OpusPacket(data, ticks, now_s)):
                self._decoder.put(ready)
        return False, None


def take_over_sound(
    transceiver: RTCRtpTransceiver, decoder: OpusDecoder, arrived: Callable[[int, float], None]
) -> SoundIntake:
    """From now on the transceiver's packets go to this intake. Only Opus must have been agreed on."""
    intake = SoundIntake(decoder, arrived)
    replace_jitter_buffer(transceiver, intake)
    return intake
