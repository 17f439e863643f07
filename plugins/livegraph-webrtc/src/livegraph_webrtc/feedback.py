"""What the other side reports, which aiortc keeps to itself.

This module and `intake.py` are the only ones that touch names of aiortc which are not public.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from aiortc import RTCRtpReceiver, RTCRtpSender
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpSrPacket,
    unpack_remb_fci,
)


@dataclass(frozen=True, slots=True)
class KeyframeWanted:
    """PLI or FIR (RFC 4585, RFC 5104)."""


@dataclass(frozen=True, slots=True)
class Remb:
    """The receiver's estimate of what it can get, bits per second."""

    bps: int


@dataclass(frozen=True, slots=True)
class Loss:
    """Of a receiver report: the share of packets lost since the last one, 0..1, and how many all told."""

    share: float
    packets: int


@dataclass(frozen=True, slots=True)
class Alive:
    """Anything else, such as a request to send a packet again, which aiortc answers."""


Feedback: TypeAlias = KeyframeWanted | Remb | Loss | Alive


def listen(sender: RTCRtpSender, heard: Callable[[Feedback], None]) -> None:
    """Hear what the receiver reports of this sender's stream, on the loop, before aiortc acts upon it."""
    handle = sender._handle_rtcp_packet

    async def overheard(packet: AnyRtcpPacket) -> None:
        heard(feedback_in(packet, sender._ssrc))
        await handle(packet)

    sender._handle_rtcp_packet = overheard  # type: ignore[method-assign]


def feedback_in(packet: AnyRtcpPacket, ssrc: int) -> Feedback:
    """What an RTCP packet says of the stream with this number."""
    if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
        for report in packet.reports:
            if report.ssrc == ssrc:
                return Loss(report.fraction_lost / 256, report.packets_lost)
    if isinstance(packet, RtcpPsfbPacket):
        if packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
            return KeyframeWanted()
        if packet.fmt == RTCP_PSFB_APP:
            return _remb(packet.fci, ssrc)
    return Alive()


def _remb(fci: bytes, ssrc: int) -> Feedback:
    try:
        bps, ssrcs = unpack_remb_fci(fci)
    except (ValueError, IndexError):  # another message of the application layer
        return Alive()
    return Remb(bps) if ssrc in ssrcs else Alive()


def listen_to_reports(receiver: RTCRtpReceiver, reported: Callable[[int, int], None]) -> None:
    """Hear of each sender report about what this receiver gets the NTP time, and the RTP time that belongs to it."""
    handle = receiver._handle_rtcp_packet

    async def overheard(packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket):
            reported(packet.sender_info.ntp_timestamp, packet.sender_info.rtp_timestamp)
        await handle(packet)

    receiver._handle_rtcp_packet = overheard  # type: ignore[method-assign]
