"""The data channel, between aiortc peers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiortc import RTCDataChannel, RTCPeerConnection
from aiortc.rtcsctptransport import DataChunk
from webrtc_support import Feeder, Reader, Sender, Watcher, stage, until

from livegraph_webrtc.input import WebRtcIn
from livegraph_webrtc.messages import MOST_BYTES, MOST_PER_S, Message
from livegraph_webrtc.output import WebRtcOut
from livegraph_webrtc.sctp import WINDOW, bound
from livegraph_webrtc.talk import MOST_CHANNELS, MOST_WAITING, Talk

SAME_NAMES = {"type", "place", "users", "frames", "dropped", "processed"}
"""As in the `stats` of `web.socket_in`."""


class Line:
    """A channel of a peer, and what came by it."""

    def __init__(self, peer: Any, label: str = "livegraph") -> None:
        self.channel = peer.connection.createDataChannel(label)
        self.heard: list[dict[str, Any]] = []
        self.channel.on("message", lambda text: self.heard.append(json.loads(text)))

    def kinds(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in list(self.heard) if message["type"] == kind]


class Stuck:
    """A channel whose other side takes nothing."""

    readyState = "open"

    def __init__(self) -> None:
        self.bufferedAmount = 0
        self.hear: Any = None

    def on(self, event: str, hear: Any) -> None:
        self.hear = hear

    def send(self, text: str) -> None:
        self.bufferedAmount += len(text)


async def test_a_viewer_is_told_figures_and_answered() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        watcher = Watcher(on.web, "/whep/show")
        line, other = Line(watcher), Line(watcher, "else")
        with Feeder(node):
            answer = await watcher.start()
            assert f"a=max-message-size:{MOST_BYTES}" in answer.text
            await until(lambda: len(line.kinds("stats")) >= 2, within_s=30)
            await until(lambda: line.kinds("stats")[-1]["processed"] > 10, within_s=30)
            assert set(line.heard[0]) == SAME_NAMES
            stats = line.kinds("stats")[-1]
            assert (stats["place"], stats["users"]) == (0, 1)
            assert stats["frames"] == stats["dropped"] + stats["processed"]
            line.channel.send('{"type": "parameters"}')
            await until(lambda: bool(line.kinds("error")))
            await until(lambda: other.channel.readyState == "closed")
        await watcher.close()
        await asyncio.to_thread(node.teardown)


async def test_a_sender_is_told_figures() -> None:
    async with stage() as on:
        node = await on.built(WebRtcIn)
        sender = Sender(on.web, "/whip/show")
        line = Line(sender)
        with Reader(node):
            await sender.start()
            await until(lambda: bool(line.heard) and line.kinds("stats")[-1]["processed"] > 10, within_s=30)
        stats = line.kinds("stats")[-1]
        assert set(stats) == SAME_NAMES and (stats["place"], stats["users"]) == (0, 1)
        await sender.close()
        await asyncio.to_thread(node.teardown)


async def test_who_floods_is_told_once_and_left_out() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        watcher = Watcher(on.web, "/whep/show")
        line = Line(watcher)
        with Feeder(node):
            await watcher.start()
            await until(lambda: bool(line.heard), within_s=30)
            for _ in range(50 * MOST_PER_S):
                line.channel.send('{"type": "x"}')
            await until(lambda: any("some are left out" in each["message"] for each in line.kinds("error")), 30)
            await until(lambda: line.channel.bufferedAmount == 0, within_s=30)
            told = len(line.kinds("stats"))
            await until(lambda: len(line.kinds("stats")) > told, within_s=30)
            assert len(line.kinds("error")) < 25 * MOST_PER_S
        await watcher.close()
        await asyncio.to_thread(node.teardown)


async def test_one_channel_after_another_ends_the_session() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        watcher = Watcher(on.web, "/whep/show")
        lines = [Line(watcher, str(number)) for number in range(MOST_CHANNELS + 1)]
        with Feeder(node):
            await watcher.start()
            await until(lambda: not node.status()["connections"], within_s=30)
        del lines
        await watcher.close()
        await asyncio.to_thread(node.teardown)


async def test_nothing_is_added_for_one_who_takes_nothing() -> None:
    channel: Any = Stuck()
    now = [0.0]

    def echo(message: Message) -> Message:
        return {"type": "echo", "text": "x" * 1000}

    talk = Talk(channel, lambda: {"frames": 1}, {"echo": echo}, lambda: now[0])
    for _ in range(1000):
        now[0] += 1
        channel.hear('{"type": "echo"}')
        talk._tell()
    assert channel.bufferedAmount <= MOST_WAITING + 1100
    talk.stop()


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
