"""A thousand viewers by WHEP, one after the other."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from hostile_support import check_joins, counted
from webrtc_support import until

NODES = {
    "scene": {"use": "media.pattern", "params": {"size": "160x96", "fps": 30}},
    "out": {"use": "webrtc.out", "in": "scene"},
}
SDP = {"content-type": "application/sdp"}


async def visit(client: httpx.AsyncClient) -> None:
    """Until the first packet has come."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    receiver = connection.addTransceiver("video", "recvonly").receiver
    await connection.setLocalDescription(await connection.createOffer())
    answer = await client.post("/whep/out", content=connection.localDescription.sdp, headers=SDP)
    await connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
    await until(lambda: bool(receiver.getSynchronizationSources()))
    await client.delete(answer.headers["location"])
    await connection.close()


async def visits(address: str, times: int) -> None:
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as client:
        for _ in range(times // 4):
            await asyncio.gather(*(visit(client) for _ in range(4)))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_thousand_viewers_leave_nothing_behind() -> None:
    with counted(NODES) as show:
        print("webrtc.out:", check_joins(show, lambda times: asyncio.run(visits(show.address, times))))
        assert show.counts()["nodes"]["out"]["connections"] == []
