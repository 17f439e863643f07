"""What RTCP packets say."""

from __future__ import annotations

from aiortc import RTCPeerConnection
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    pack_remb_fci,
)

from livegraph_webrtc.feedback import Alive, Feedback, KeyframeWanted, Loss, Remb, feedback_in, listen


def report(ssrc: int, lost: int) -> RtcpReceiverInfo:
    return RtcpReceiverInfo(ssrc=ssrc, fraction_lost=lost, packets_lost=7, highest_sequence=9, jitter=0, lsr=0, dlsr=0)


def test_pli_and_fir_want_a_keyframe() -> None:
    for fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
        assert feedback_in(RtcpPsfbPacket(fmt=fmt, ssrc=1, media_ssrc=2), 2) == KeyframeWanted()


def test_remb_counts_for_the_streams_that_it_names() -> None:
    packet = RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=pack_remb_fci(1_000_000, [2, 3]))
    assert feedback_in(packet, 3) == Remb(1_000_000)
    assert feedback_in(packet, 4) == Alive()
    assert feedback_in(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=b"else"), 3) == Alive()


def test_a_report_tells_the_loss_of_its_own_stream() -> None:
    packet = RtcpRrPacket(ssrc=1, reports=[report(5, 0), report(2, 64)])
    assert feedback_in(packet, 2) == Loss(0.25, 7)
    assert feedback_in(packet, 3) == Alive()
    assert feedback_in(RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=1, media_ssrc=2), 2) == Alive()


async def test_aiortcs_sender_is_overheard_and_still_acts() -> None:
    """Pins the names of aiortc's own that this rests on."""
    connection = RTCPeerConnection()
    sender = connection.addTransceiver("video", "sendonly").sender
    heard: list[Feedback] = []
    listen(sender, heard.append)
    await sender._handle_rtcp_packet(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=sender._ssrc))
    assert heard == [KeyframeWanted()]
    assert sender._RTCRtpSender__force_keyframe  # type: ignore[attr-defined]
    await connection.close()
