"""The data channel, between aiortc peers and a real run: figures, floods, and what never becomes whole."""

from __future__ import annotations

import asyncio
from typing import Any

from aiortc import RTCDataChannel, RTCPeerConnection
from aiortc.rtcsctptransport import DataChunk
from show_support import a_show
from talk_support import Line
from webrtc_support import Sender, Watcher, until

from livegraph_server.control_message import LARGEST
from livegraph_webrtc.sctp import WINDOW, bound
from livegraph_webrtc.talk import MOST_CHANNELS, MOST_PER_S
from livegraph_webrtc.unanswered import MOST

SAME_NAMES = {"type", "place", "users", "frames", "dropped", "processed"}
"""As in the `stats` of `web.socket_in`."""
NODES = {
    "cam": {"use": "webrtc.in"},
    "end": {"use": "test.collect", "in": "cam"},
    "scene": {"use": "media.pattern", "params": {"size": "320x240"}},
    "blend": {"use": "vision.temporal_blend", "in": "scene"},
    "out": {"use": "webrtc.out", "in": "blend"},
}


async def test_a_viewer_is_told_figures_and_answered() -> None:
    async with a_show(NODES) as show:
        watcher = Watcher(show, "/whep/out")
        line, other = Line(watcher), Line(watcher, "else")
        answer = await watcher.start()
        assert f"a=max-message-size:{LARGEST}" in answer.text
        await until(lambda: len(line.kinds("stats")) >= 2, within_s=30)
        await until(lambda: line.kinds("stats")[-1]["processed"] > 10, within_s=30)
        assert all(set(each) == SAME_NAMES for each in line.kinds("stats"))
        stats = line.kinds("stats")[-1]
        assert (stats["place"], stats["users"]) == (0, 1)
        assert stats["frames"] == stats["dropped"] + stats["processed"]
        line.channel.send('{"type": "parameters"}')
        assert "no such type" in (await line.next("error"))["message"]
        await until(lambda: other.channel.readyState == "closed")
        await watcher.close()


async def test_a_sender_is_told_figures() -> None:
    async with a_show(NODES) as show:
        sender = Sender(show, "/whip/cam")
        line = Line(sender)
        await sender.start()
        await until(lambda: bool(line.kinds("stats")) and line.kinds("stats")[-1]["processed"] > 10, within_s=30)
        stats = line.kinds("stats")[-1]
        assert set(stats) == SAME_NAMES and (stats["place"], stats["users"]) == (0, 1)
        await sender.close()


async def test_of_a_flood_the_newest_are_answered_and_it_is_told_once() -> None:
    async with a_show(NODES) as show:
        watcher = Watcher(show, "/whep/out")
        line = Line(watcher)
        await watcher.start()
        await line.next("config.current")
        flood = 10 * MOST_PER_S
        for number in range(flood):
            line.say("config.update", values={"blend.ratio": number / flood}, id=number)
        await until(lambda: any(each["id"] == flood - 1 for each in line.kinds("config.applied")), within_s=30)
        assert len(line.kinds("config.applied")) < flood / 2
        assert "are left out" in line.kinds("error")[0]["message"] and len(line.kinds("error")) < flood / MOST
        assert show.run.bus.get("blend.ratio") == (flood - 1) / flood
        refused = show.run.stats()["control"]["doors"]["webrtc"]["refused"]
        assert refused.keys() == {"flood"} and refused["flood"] > flood / 2
        told = len(line.kinds("stats"))
        await line.next("stats", told)
        await watcher.close()


async def test_a_fader_in_a_hand_is_answered_all_the_way() -> None:
    """60 a second, and every one of them."""
    async with a_show(NODES) as show:
        watcher = Watcher(show, "/whep/out")
        line = Line(watcher)
        await watcher.start()
        await line.next("config.current")
        for number in range(120):
            line.say("config.update", values={"blend.ratio": number / 120})
            await asyncio.sleep(1 / 60)
        await until(lambda: len(line.kinds("config.applied")) == 120)
        assert not line.kinds("error") and not line.kinds("config.changed")
        await watcher.close()


async def test_one_channel_after_another_ends_the_session() -> None:
    async with a_show(NODES) as show:
        watcher = Watcher(show, "/whep/out")
        lines = [Line(watcher, str(number)) for number in range(MOST_CHANNELS + 1)]
        await watcher.start()
        await until(lambda: not show.node("out")["connections"], within_s=30)
        del lines
        await watcher.close()


async def test_what_is_never_whole_is_bounded() -> None:
    """Pins the names of aiortc's own that this rests on."""
    connection = RTCPeerConnection()
    assert isinstance(connection.createDataChannel("x"), RTCDataChannel)
    transport = connection.sctp
    assert transport is not None
    bound(transport)
    transport._last_received_tsn = 10
    await fragments(transport, 11, 3000, bytes(100))
    stream = transport._inbound_streams[1]
    assert 0 < sum(len(chunk.user_data) for chunk in stream.reassembly) <= WINDOW
    waiting = len(stream.reassembly)
    await fragments(transport, transport._last_received_tsn + 1, 3000, b"")
    await fragments(transport, transport._last_received_tsn + 5000, 3000, b"x")
    assert len(stream.reassembly) == waiting and not transport._sack_misordered
    await connection.close()


async def fragments(transport: Any, tsn: int, count: int, data: bytes) -> None:
    """Parts of a message that ends nowhere."""
    for number in range(count):
        chunk = DataChunk()
        chunk.flags = 2 if number == 0 else 0
        chunk.tsn, chunk.stream_id, chunk.user_data = tsn + number, 1, data
        await transport._receive_data_chunk(chunk)
