"""When things are presented, and what receivers are told of it."""

from __future__ import annotations

from typing import Any

from aiortc import RTCPeerConnection
from aiortc.rtp import RtcpByePacket, RtcpSenderInfo, RtcpSrPacket
from hypothesis import given
from hypothesis import strategies as st

from livegraph_webrtc.presentation import Presentation, ntp_of, unix_ns_of
from livegraph_webrtc.sender_reports import report_by

S = 1_000_000_000


@given(st.integers(0, 1 << 61))
def test_ntp_time_comes_back(unix_ns: int) -> None:
    assert 0 <= unix_ns - unix_ns_of(ntp_of(unix_ns)) <= 1


def test_1970_by_ntp() -> None:
    assert ntp_of(0) == 2_208_988_800 << 32
    assert ntp_of(S // 2) & 0xFFFFFFFF == 1 << 31


def test_the_line_goes_through_the_first_and_stays() -> None:
    now = [100 * S]
    presentation = Presentation(lambda: now[0], lambda: 1_000 * S)
    assert presentation.now() is None
    presentation.due(7 * S)
    now[0] += 3 * S
    presentation.due(9 * S)
    assert presentation.now() == (ntp_of(1_003 * S), 10 * S)


async def reported(pts_ns: int | None, rtp: int, sent_ticks: int | None, clock_rate: int) -> list[Any]:
    """What goes out where aiortc would report that the packet at `rtp` was its last."""
    presentation = Presentation(lambda: 50 * S, lambda: 1_000 * S)
    if pts_ns is not None:
        presentation.due(pts_ns)
    connection, sent = RTCPeerConnection(), list[Any]()
    sender = connection.addTransceiver("audio", "sendonly").sender

    async def send(packets: list[Any]) -> None:
        sent.extend(packets)

    sender._send_rtcp = send  # type: ignore[assignment, method-assign]
    report_by(presentation, sender, clock_rate, lambda: sent_ticks)
    await sender._send_rtcp([RtcpSrPacket(1, RtcpSenderInfo(5, rtp, 2, 3))])
    await sender._send_rtcp([RtcpByePacket([1])])
    await connection.close()
    return sent


async def test_a_report_pairs_now_with_what_is_due_now() -> None:
    report, bye = await reported(2 * S, (1 << 32) - 100, 48_000, 48_000)
    info = report.sender_info
    assert (info.ntp_timestamp, info.rtp_timestamp) == (ntp_of(1_000 * S), 47_900)
    assert (info.packet_count, info.octet_count) == (2, 3)
    assert bye == RtcpByePacket([1])


async def test_nothing_is_reported_before_something_was_sent() -> None:
    assert await reported(None, 0, None, 90_000) == [RtcpByePacket([1])]
    assert await reported(2 * S, 0, None, 90_000) == [RtcpByePacket([1])]


async def test_what_is_wrapped_is_what_aiortc_sends_reports_by() -> None:
    """Pins the names of aiortc's own that this rests on."""
    connection = RTCPeerConnection()
    sender = connection.addTransceiver("audio", "sendonly").sender
    assert callable(sender._send_rtcp) and "_send_rtcp" in type(sender)._run_rtcp.__code__.co_names
    await connection.close()
