"""Control messages on the data channel, as on every other way."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets
from show_support import Show, a_show
from talk_support import Line
from test_talk import NODES
from webrtc_support import Sender, Watcher, until

from livegraph_server.control_message import LARGEST
from livegraph_webrtc.sctp import WINDOW
from livegraph_webrtc.talk import MOST_UNREAD


@asynccontextmanager
async def watched(show: Show) -> AsyncIterator[tuple[Watcher, Line]]:
    """A viewer with a channel, that has heard how it is."""
    watcher = Watcher(show, "/whep/out")
    line = Line(watcher)
    await watcher.start()
    await line.next("config.current")
    try:
        yield watcher, line
    finally:
        await watcher.close()


def refused(show: Show) -> dict[str, int]:
    return dict(show.run.stats()["control"]["doors"]["webrtc"]["refused"])


def hearers(show: Show) -> int:
    return len(show.run.bus._hearers)


def channels(show: Show) -> list[Any]:
    """The run's ends of all channels."""
    endpoint = show.run.services.get("webrtc")._find("whep", "out")
    return [talks._talk._channel for talks in endpoint._talks.values() if talks._talk is not None]


async def test_two_viewers_hear_of_each_other_and_not_of_themselves() -> None:
    async with a_show(NODES) as show, watched(show) as (_, one), watched(show) as (_, other):
        assert one.heard[0]["type"] == "stats" and one.kinds("config.current")[0]["values"]["freeze"] is False
        one.say("config.update", values={"blend.ratio": 0.25}, id="a")
        applied = await one.next("config.applied")
        assert (applied["id"], applied["values"]) == ("a", {"blend.ratio": 0.25})
        changed = await other.next("config.changed")
        assert (changed["values"], changed["revision"]) == ({"blend.ratio": 0.25}, applied["revision"])
        other.say("config.update", values={"blackout": True})
        assert (await one.next("config.changed"))["values"] == {"blackout": True}
        await asyncio.sleep(0.3)
        assert len(one.kinds("config.changed")) == len(other.kinds("config.changed")) == 1


async def test_a_sender_a_viewer_and_a_socket_hear_of_each_other() -> None:
    async with a_show(NODES) as show, watched(show) as (_, viewer):
        sender = Sender(show, "/whip/cam")
        sending = Line(sender)
        await sender.start()
        await sending.next("config.current")
        address = str(show.client.base_url).replace("http", "ws")
        async with websockets.connect(f"{address}/api/v1/control", proxy=None) as socket:
            await heard(socket, "config.current")
            sending.say("config.update", values={"blend.ratio": 0.5})
            assert (await viewer.next("config.changed"))["values"] == {"blend.ratio": 0.5}
            assert (await heard(socket, "config.changed"))["values"] == {"blend.ratio": 0.5}
            await socket.send(json.dumps({"type": "config.update", "values": {"blend.ratio": 0.75}}))
            assert (await viewer.next("config.changed", 1))["values"] == {"blend.ratio": 0.75}
            assert (await sending.next("config.changed"))["values"] == {"blend.ratio": 0.75}
        await sender.close()
    assert show.outcomes[0].ok


async def heard(socket: Any, kind: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(await socket.recv())
        if message["type"] == kind:
            return message


async def test_how_nodes_are_stands_beside_the_values() -> None:
    async with a_show(NODES) as show, watched(show) as (_, line):
        line.say("config.get", id=1)
        current = await line.next("config.current", 1)
        assert current["nodes"]["out"]["connections"][0]["state"] == "connected" and "scene" not in current["nodes"]


@pytest.mark.parametrize(
    ("said", "text", "reason"),
    [
        (b"\x00", "as text", "malformed"),
        ("", "no JSON", "malformed"),
        ("[" * 50_000, "no JSON", "malformed"),
        (json.dumps({"type": "config.update", "values": {"blend.ratio": math.nan}}), "no JSON", "malformed"),
        ('{"type": "config.update", "values": {"blend.ratio": ' + "9" * 400 + "}}", "no JSON", "malformed"),
        ("[1]", "send an object", "malformed"),
        ('{"type": "config.update", "values": {"blend.rato": 1}}', "Did you mean blend.ratio", "address"),
        ('{"type": "config.update", "values": {"blend.ratio": 2}}', "less than or equal to 1", "value"),
        ('{"type": "config.update", "values": {"out.viewers": 256}}', "no control 'out.viewers'", "address"),
    ],
)
async def test_what_is_refused_is_said_and_counted(said: str | bytes, text: str, reason: str) -> None:
    async with a_show(NODES) as show, watched(show) as (_, line):
        line.channel.send(said)
        assert text in (await line.next("error"))["message"]
        line.say("config.get", id=1)
        assert "out.viewers" not in (await line.next("config.current", 1))["values"]
        assert refused(show) == {reason: 1}


async def test_a_message_of_a_megabyte_never_becomes_whole() -> None:
    """A client that keeps to what it was told does not send it; one that does not is not answered."""
    async with a_show(NODES) as show, watched(show) as (watcher, line), watched(show) as (_, other):
        with pytest.raises(ValueError, match=str(LARGEST)):
            line.channel.send("x" * 1_000_000)
        watcher.connection.sctp._remote_max_message_size = 0
        line.channel.send("x" * 1_000_000)
        other.say("config.update", values={"blend.ratio": 0.5})
        await other.next("config.applied")
        await asyncio.sleep(1)
        streams = channels(show)[0].transport._inbound_streams.values()
        assert 0 < sum(len(chunk.user_data) for stream in streams for chunk in stream.reassembly) <= WINDOW
        assert not line.kinds("error")


async def test_a_channel_that_closes_is_forgotten_and_so_is_a_connection() -> None:
    async with a_show(NODES) as show:
        before = hearers(show)
        async with watched(show) as (watcher, line):
            assert hearers(show) == before + 1
            line.channel.close()
            await until(lambda: hearers(show) == before)
            again = Line(watcher)
            await again.next("config.current")
            assert hearers(show) == before + 1
            await watcher._client.delete(watcher.location)
            await until(lambda: hearers(show) == before)
        async with watched(show):
            assert hearers(show) == before + 1
        await until(lambda: hearers(show) == before)


async def test_nothing_piles_up_for_one_who_reads_nothing() -> None:
    """Changes wait as the newest of each, and of what was asked the newest."""
    async with a_show(NODES) as show, watched(show) as (mute, line), watched(show) as (_, other):
        own = channels(show)[0]

        async def ignore(chunk: Any) -> None:
            pass

        mute.connection.sctp._receive_data_chunk = ignore
        most = 0
        for number in range(300):
            line.say("config.schema")
            other.say("config.update", values={"blend.ratio": number / 300})
            await asyncio.sleep(1 / 60)
            most = max(most, own.bufferedAmount)
        schema = len(
            json.dumps({"type": "config.schema", "knobs": [k.document() for k in show.run.bus.knobs.values()]})
        )
        assert MOST_UNREAD < most <= MOST_UNREAD + schema
        assert len(other.kinds("config.applied")) > 250


async def test_an_answer_that_is_larger_than_the_other_side_takes_is_told_as_an_error() -> None:
    async with a_show(NODES) as show, watched(show) as (watcher, line):
        transport = channels(show)[0].transport
        transport._remote_max_message_size = 200
        line.say("config.schema", id=7)
        error = await line.next("error")
        assert error["id"] == 7 and "only supports messages up to 200 bytes" in error["message"]
        transport._remote_max_message_size = 10
        await until(lambda: line.channel.readyState == "closed")
        assert watcher.connection.connectionState == "connected"
