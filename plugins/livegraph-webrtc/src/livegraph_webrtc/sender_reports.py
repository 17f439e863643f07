"""Sender reports (RFC 3550, section 6.4.1) by which a receiver brings sound and picture together.

aiortc's own pair the time of the last packet with the moment when that was sent, which for a picture is after its
encoding and for a sound is not. So both times are told here by the one clock that both are presented by. This touches
names of aiortc's own, which a test pins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from aiortc import RTCRtpSender
from aiortc.rtp import AnyRtcpPacket, RtcpSrPacket

from livegraph_webrtc.presentation import Presentation


def report_by(
    presentation: Presentation, sender: RTCRtpSender, clock_rate: int, sent_ticks: Callable[[], int | None]
) -> None:
    """`sent_ticks`: the time of the packet that was sent last, to which aiortc has added an offset of its own. Nothing
    is reported before there was one.
    """
    send = sender._send_rtcp

    async def told(packets: Sequence[AnyRtcpPacket]) -> None:
        ticks = sent_ticks()
        if (reports := _told(packets, presentation, clock_rate, ticks)) is not None:
            await send(reports)

    sender._send_rtcp = told  # type: ignore[method-assign]


def _told(
    packets: Sequence[AnyRtcpPacket], presentation: Presentation, clock_rate: int, sent_ticks: int | None
) -> list[AnyRtcpPacket] | None:
    now = presentation.now()
    made: list[AnyRtcpPacket] = []
    for packet in packets:
        if isinstance(packet, RtcpSrPacket):
            if now is None or sent_ticks is None:
                return None
            ntp, pts_ns = now
            step = pts_ns * clock_rate // 1_000_000_000 - sent_ticks
            rtp = (packet.sender_info.rtp_timestamp + step) % (1 << 32)
            info = replace(packet.sender_info, ntp_timestamp=ntp, rtp_timestamp=rtp)
            packet = replace(packet, sender_info=info)
        made.append(packet)
    return made
